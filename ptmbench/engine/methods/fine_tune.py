"""Fine-tuning: which parts of a pre-trained network a method trains, and which it leaves as they came."""

import copy
from dataclasses import dataclass

from torch import Tensor, nn

from ptmbench.engine.models.backbone import Backbone


@dataclass(frozen=True, slots=True)
class Trainable:
    """`trained` learns; `fixed`, if there is one, runs before it in eval mode and never changes."""

    fixed: nn.Module | None
    trained: nn.Module


def whole(backbone: Backbone, head: nn.Module) -> Trainable:
    """All layers and the head train; the given backbone itself stays untouched."""
    return Trainable(fixed=None, trained=nn.Sequential(copy.deepcopy(backbone), head))


class PartlyTrained(nn.Module):
    """A network of which only some modules and the head train; the rest is frozen, its BatchNorm statistics too."""

    def __init__(self, backbone: Backbone, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        backbone.requires_grad_(requires_grad=False)
        for module in self._learning():
            module.requires_grad_(requires_grad=True)

    def _learning(self) -> list[nn.Module]:
        named = [self.backbone.tail.get_submodule(name) for name in self.backbone.last_stage]
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
        return Trainable(fixed=None, trained=PartlyTrained(copy.deepcopy(backbone), head))
    return Trainable(fixed=backbone.trunk, trained=nn.Sequential(copy.deepcopy(backbone.last), head))
