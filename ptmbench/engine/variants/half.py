"""Half precision: weights stored in bfloat16, and activations computed in it."""

import copy
from typing import Any

import torch
from torch import Tensor, nn


class Half(nn.Module):
    """A copy of a network in bfloat16 that takes what the network takes, and gives float32 in its place.

    What has no kernel in bfloat16, such as non-maximum suppression, is computed in float32 by autocast's own rules.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).to(torch.bfloat16)

    def forward(self, inputs: Tensor) -> Any:
        """What the network gives, its floating-point tensors in float32."""
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16):
            return in_single(self.network(inputs))


def in_single(outputs: Any) -> Any:
    """Tensors of floating point in float32, in lists and dictionaries too; everything else as it is."""
    if isinstance(outputs, Tensor):
        return outputs.float() if outputs.is_floating_point() else outputs
    if isinstance(outputs, dict):
        return {name: in_single(value) for name, value in outputs.items()}
    return [in_single(value) for value in outputs] if isinstance(outputs, list | tuple) else outputs
