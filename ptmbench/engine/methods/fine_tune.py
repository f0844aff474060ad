"""Fine-tuning: which parts of a pre-trained network a method trains, and which it leaves as they came."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ptmbench.engine.models.backbone import Backbone
from ptmbench.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Trainable:
    """`trained` learns; `fixed`, if there is one, runs before it in eval mode and never changes."""

    fixed: nn.Module | None
    trained: nn.Module


def whole(backbone: Backbone, head: nn.Module) -> Trainable:
    """All layers and the head train; the given backbone itself stays untouched."""
    return Trainable(fixed=None, trained=nn.Sequential(copy.deepcopy(backbone), head))


class PartlyTrained(nn.Module):
    """A network of which the named modules and the head train; all else is frozen, its BatchNorm statistics too."""

    def __init__(self, backbone: Backbone, head: nn.Module, names: Iterable[str]) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.names = (*names,)
        backbone.requires_grad_(requires_grad=False)
        for module in self._learning():
            module.requires_grad_(requires_grad=True)

    def _learning(self) -> list[nn.Module]:
        named = [self.backbone.get_submodule(name) for name in self.names]
        pooling = self.backbone.pooling
        return [*named, self.head, *([] if pooling is None else [self.backbone.pools[pooling]])]

    def train(self, mode: bool = True) -> "PartlyTrained":  # noqa: FBT001, FBT002  torch's own signature
        """Train mode for what learns; everything else stays in eval mode."""
        super().train(mode=False)
        for module in self._learning():
            module.train(mode)
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of the inputs."""
        logits: Tensor = self.head(self.backbone(inputs))
        return logits


def last_stage(backbone: Backbone, head: nn.Module) -> Trainable:
    """The last stage with its pooling and the head train; the trunk is frozen, its BatchNorm statistics too."""
    if backbone.last_stage:
        names = (f"tail.{name}" for name in backbone.last_stage)
        return Trainable(fixed=None, trained=PartlyTrained(copy.deepcopy(backbone), head, names))
    return Trainable(fixed=backbone.trunk, trained=nn.Sequential(copy.deepcopy(backbone.last), head))


def last_two_stages(backbone: Backbone, head: nn.Module) -> Trainable:
    """The last two stages with the pooling and the head train; the rest is frozen, its BatchNorm statistics too."""
    own = copy.deepcopy(backbone)
    return Trainable(fixed=None, trained=PartlyTrained(own, head, own.last_blocks(2)))


class SparselyTrained(nn.Module):
    """A network of which the head and a few parameters in all layers train.

    Statistics of normalisation move only where they are told to; dropout is that of fine-tuning.
    """

    def __init__(
        self, backbone: Backbone, head: nn.Module, learning: Iterable[nn.Parameter], *, statistics: bool = False
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.statistics = statistics
        few = [*learning]
        backbone.requires_grad_(requires_grad=False)
        for parameter in few:
            parameter.requires_grad = True

    def train(self, mode: bool = True) -> "SparselyTrained":  # noqa: FBT001, FBT002  torch's own signature
        """Train mode; statistics that are not to move stay as they came."""
        super().train(mode)
        for module in self.backbone.modules():
            if isinstance(module, _NormBase) and not self.statistics:
                module.eval()
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of the inputs."""
        logits: Tensor = self.head(self.backbone(inputs))
        return logits


def norm_parameters(network: nn.Module) -> Iterator[nn.Parameter]:
    """Scales and shifts of all normalisation layers, whoever wrote them: they are called so."""
    for module in network.modules():
        if "norm" in type(module).__name__.lower() and not [*module.children()]:
            yield from module.parameters(recurse=False)


def biases(network: nn.Module) -> Iterator[nn.Parameter]:
    """What is added in any layer, the shifts of normalisation among it."""
    return (parameter for name, parameter in network.named_parameters() if name.rpartition(".")[2].endswith("bias"))


def body(network: nn.Module) -> nn.Module:
    """What stands below the head of a network that learned here: it gives features of what the network is fed."""
    if isinstance(network, nn.Sequential):
        return network[0]
    assert isinstance(network, PartlyTrained | SparselyTrained)
    return network.backbone


def norms_alone(backbone: Backbone, head: nn.Module) -> Trainable:
    """Normalisation layers and the head train (Frankle et al. 2021, https://arxiv.org/abs/2003.00152).

    Raises `Unavailable` where the network has none.
    """
    if not any(True for _ in norm_parameters(backbone)):
        raise Unavailable("the network has no normalisation layer whose parameters could be trained: take bitfit")
    own = copy.deepcopy(backbone)
    return Trainable(fixed=None, trained=SparselyTrained(own, head, norm_parameters(own), statistics=True))


def biases_alone(backbone: Backbone, head: nn.Module) -> Trainable:
    """Biases and the head train (BitFit: Zaken et al. 2022, https://arxiv.org/abs/2106.10199).

    Raises `Unavailable` where the network has none.
    """
    if not any(True for _ in biases(backbone)):
        raise Unavailable("the network has no bias that could be trained: take norm_only")
    own = copy.deepcopy(backbone)
    return Trainable(fixed=None, trained=SparselyTrained(own, head, biases(own)))
