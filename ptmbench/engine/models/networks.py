"""Any classifier as a backbone: its head taken off, its last stage found, its features made flat."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from ptmbench.engine.models.backbone import HUGE, LARGE, Backbone, Pool, size_of
from ptmbench.engine.models.checks import checked
from ptmbench.errors import UnknownName, WeightsError

AUXILIARY = "AuxLogits"  # Inception v3 has one, for training
PENULTIMATE, CONVOLUTIONS = "penultimate", "convolutions"


class Features(nn.Module):
    """A network's output as features [n, d]: maps [n, d, h, w] and tokens [n, t, d] are averaged over positions.

    Where there are several outputs (auxiliary classifiers in train mode) the first counts.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Features of images [n, 3, h, w]."""
        outputs = first_of(self.network(images))
        if outputs.dim() == 4:
            return outputs.mean(dim=(2, 3))
        return outputs.mean(dim=1) if outputs.dim() == 3 else outputs


def first_of(outputs: Any) -> Tensor:
    """The tensor that a network gives, or the first of several."""
    while not isinstance(outputs, Tensor):
        outputs = next(iter(outputs.values())) if isinstance(outputs, dict) else outputs[0]
    return outputs


def head_of(network: nn.Module, example: Tensor | None = None) -> str | None:
    """The name of a classifier's head: the linear layer that is called last, if nothing with weights follows it.

    Without an example batch, the one registered last. SqueezeNet's is a convolution inside `classifier`, which counts
    as a whole. None: there is no head to be seen.
    """
    last = _called_last(network, example) if example is not None else None
    if last is None:
        with_weights = [name for name, module in network.named_modules() if list(module.parameters(recurse=False))]
        last = with_weights[-1] if with_weights else ""
    if isinstance(network.get_submodule(last), nn.Linear):
        return last
    return "classifier" if isinstance(getattr(network, "classifier", None), nn.Module) else None


def _called_last(network: nn.Module, example: Tensor) -> str | None:
    """The name of the module with weights, and no other inside it, that is called last; None where the network fails.

    The order of registration need not be that of the call: a head may be written above the body.
    """
    called: list[str] = []
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, _output, name=name: called.append(name))
        for name, module in network.named_modules()
        if list(module.parameters(recurse=False)) and not any(True for _ in module.children())
    ]
    try:
        with torch.no_grad():
            network.eval()(example)
    except (Exception, SystemExit):  # noqa: BLE001  `checked` says so, with the reason
        return None
    finally:
        for hook in hooks:
            hook.remove()
    return called[-1] if called else None


def beside_features(network: nn.Module, example: Tensor | None = None) -> tuple[str, ...]:
    """The prefixes of tensors that features do not need: the head's, and an auxiliary classifier's."""
    head = head_of(network, example)
    return (*([f"{head}."] if head else []), *([f"{AUXILIARY}."] if getattr(network, AUXILIARY, None) else []))


def headless(network: nn.Module, example: Tensor) -> nn.Module:
    """A copy of a classifier without head and auxiliary classifier."""
    network = copy.deepcopy(network)
    if getattr(network, AUXILIARY, None):
        setattr(network, AUXILIARY, None)
        network.aux_logits = False  # type: ignore[assignment]  # Inception's own flag
    name = head_of(network, example)
    if name == "classifier" and not isinstance(network.classifier, nn.Linear):
        network.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    elif name:
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, nn.Identity())
    return network


def last_stage(network: nn.Module) -> tuple[str, ...]:
    """The names of the modules that are trained when only the last stage is.

    From the end of the registration order backwards, up to and with the first block that holds at least a twentieth
    of the parameters, embeddings not counted; a block of more than half of them is looked into in the same way.
    """
    total = size_of(network)
    found: list[str] = []
    place, prefix = network, ""
    while True:
        children = [(name, child, size_of(child)) for name, child in place.named_children() if size_of(child)]
        if not children:
            return (*found, prefix.rstrip("."))
        for name, child, size in reversed(children):
            if size > HUGE * total and any(True for _ in child.children()):
                place, prefix = child, f"{prefix}{name}."
                break
            found.append(f"{prefix}{name}")
            if size >= LARGE * total:
                return tuple(found)
        else:
            return tuple(found)


def feature_size(module: nn.Module, example: Tensor) -> int:
    """How many features a module gives for an example batch [n, ...]; raises `WeightsError` as `checked` does."""
    outputs = checked(module, example, "the network")
    if outputs.dim() != 2:
        raise WeightsError(f"expected features [n, d] of the network, got shape {list(outputs.shape)}")
    return int(outputs.shape[1])


def _hidden_layers(network: nn.Module) -> bool:
    """Whether fully connected layers stand between the convolutions and the head, as in AlexNet and VGG."""
    classifier = getattr(network, "classifier", None)
    if not isinstance(getattr(network, "features", None), nn.Module) or not isinstance(classifier, nn.Sequential):
        return False
    return sum(isinstance(module, nn.Linear) for module in classifier) > 1


def classifier_backbone(network: nn.Module, example: Tensor, features: str = "") -> Backbone:
    """A classifier as a backbone of its penultimate features, in eval mode.

    Networks with fully connected layers before the head offer the average of the last convolutions as well; `features`
    fixes one of the two. `example` is a batch of inputs.
    """
    if features and features not in {PENULTIMATE, CONVOLUTIONS}:
        raise UnknownName("kind of features", features, (PENULTIMATE, CONVOLUTIONS))
    if _hidden_layers(network) or features == CONVOLUTIONS:
        return _with_choice(network, example, features)
    tail = Features(headless(network, example))
    return Backbone(nn.Identity(), tail, feature_size(tail, example), last_stage=last_stage(tail)).eval()


def _with_choice(network: nn.Module, example: Tensor, features: str) -> Backbone:
    network = copy.deepcopy(network)
    maps = getattr(network, "features", None)
    if not isinstance(maps, nn.Module):
        raise WeightsError("features=convolutions: this network has no part called `features`; leave the option out")
    pools = {CONVOLUTIONS: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())}
    if features != CONVOLUTIONS:
        classifier, between = network.classifier, getattr(network, "avgpool", nn.Identity())
        assert isinstance(classifier, nn.Sequential)
        before_head = max(place for place, module in enumerate(classifier) if isinstance(module, nn.Linear))
        hidden = nn.Sequential(between, nn.Flatten(), *classifier[:before_head])
        pools = {PENULTIMATE: hidden, **({} if features else pools)}
    sized = {name: Pool(pool, feature_size(nn.Sequential(maps, pool), example)) for name, pool in pools.items()}
    return Backbone(nn.Identity(), maps, pools=sized, last_stage=last_stage(maps)).eval()
