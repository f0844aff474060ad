"""Low-rank adaptation (LoRA: Hu et al. 2022, https://arxiv.org/abs/2106.09685), by Hugging Face's PEFT.

Beside each weight W that multiplies stands a product B A of rank `RANK`, which alone trains, scaled by `SCALE`; B
begins at zero, so that training begins at the network as it came. Merged into W it costs nothing where the network
serves.
"""

import copy
import warnings
from typing import Any, Final

from torch import nn
from transformers.pytorch_utils import Conv1D

from ptmbench.engine.foreign_code import imported
from ptmbench.engine.methods.fine_tune import SparselyTrained, Trainable
from ptmbench.engine.models.backbone import Backbone
from ptmbench.errors import Unavailable

RANK: Final = 8
SCALE: Final = 2.0  # alpha / rank, as most recipes have it
MULTIPLY: Final = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    Conv1D,
)  # themselves: what is derived from them may multiply otherwise
NOTHING: Final = "the network has no layer that multiplies by weights, beside which low-rank ones could stand"
GOES_AROUND: Final = (
    "the network has layers of torch's own nn.TransformerEncoderLayer, which answer by a path that goes around the "
    "updates: take bitfit or norm_only"
)


def adapted(backbone: Backbone, head: nn.Module) -> Trainable:
    """Low-rank updates of every layer that multiplies, and the head train; all else stays as it came.

    Raises `Unavailable` without PEFT, or where the network has no such layer.
    """
    peft = imported("peft", "peft")
    if any(isinstance(module, nn.TransformerEncoderLayer) for module in backbone.modules()):
        raise Unavailable(GOES_AROUND)
    own = copy.deepcopy(backbone)
    targets = targets_in(own)
    if not targets:
        raise Unavailable(NOTHING)
    settings = peft.LoraConfig(r=RANK, lora_alpha=SCALE * RANK, target_modules=targets)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fan_in_fan_out")  # GPT-2's layers are transposed, which it sees
        peft.inject_adapter_in_model(settings, own)
    learning = (parameter for name, parameter in own.named_parameters() if "lora_" in name)
    return Trainable(fixed=None, trained=SparselyTrained(own, head, learning))


def targets_in(backbone: Backbone) -> list[str]:
    """The names of the layers that a low-rank update stands beside.

    Convolutions in groups have no product of that form, attention of torch's own uses weights without their modules,
    and poolings that are not used do not train.
    """
    found: list[str] = []
    for name, module in backbone.named_modules():
        unused = name.startswith("pools.") and not f"{name}.".startswith(f"pools.{backbone.pooling}.")
        if not unused and type(module) in MULTIPLY and getattr(module, "groups", 1) == 1:
            found.append(name)
    return found


def merged(network: nn.Module) -> nn.Module:
    """A copy of a network with its low-rank updates added to the weights beside which they stand."""
    tuners: Any = imported("peft.tuners.tuners_utils", "peft")
    own = copy.deepcopy(network)
    adapters = [name for name, module in own.named_modules() if isinstance(module, tuners.BaseTunerLayer)]
    for name in adapters:
        layer: Any = own.get_submodule(name)
        layer.merge()
        own.set_submodule(name, layer.get_base_layer())
    return own
