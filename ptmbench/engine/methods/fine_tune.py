"""Fine-tuning: which parts of a pre-trained network a method trains, and which it leaves as they came."""

import copy
from dataclasses import dataclass

from torch import nn

from ptmbench.engine.backbone import Backbone


@dataclass(frozen=True, slots=True)
class Trainable:
    """`trained` learns; `fixed`, if there is one, runs before it in eval mode and never changes."""

    fixed: nn.Module | None
    trained: nn.Module


def whole(backbone: Backbone, head: nn.Module) -> Trainable:
    """All layers and the head train; the given backbone itself stays untouched."""
    return Trainable(fixed=None, trained=nn.Sequential(copy.deepcopy(backbone), head))


def last_stage(backbone: Backbone, head: nn.Module) -> Trainable:
    """The last stage with its pooling and the head train; the trunk is frozen, its BatchNorm statistics too."""
    return Trainable(fixed=backbone.trunk, trained=nn.Sequential(copy.deepcopy(backbone.last), head))
