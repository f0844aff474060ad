"""Frozen outputs of a module over a data set, computed once and shared.

The key holds everything the figures depend on: weights, part of the network, preprocessing, data set, precision and
device. Batches have a fixed size and order, so a cached result and a fresh one are equal to the last bit.
"""

import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench.engine.device import Device
from ptmbench.engine.inputs import Inputs
from ptmbench.errors import Diverged

BATCH = 256
CACHE_BYTES = 2 * 2**30


@dataclass(frozen=True, eq=False, slots=True)
class Frozen:
    """Outputs [n, ...] (float32) on the device and as an array, and the seconds they took when they were computed."""

    outputs: Tensor
    array: NDArray[np.float32]
    feature_time_s: float


def forward_all(module: nn.Module, inputs: Inputs, device: Device, examples: Sequence[int] | None = None) -> Tensor:
    """The module's outputs (float32) over all inputs, or over some `examples`, in eval mode, batch by batch."""
    module.eval()
    chosen = range(len(inputs)) if examples is None else examples
    groups = [chosen[start : start + BATCH] for start in range(0, len(chosen), BATCH)]
    with torch.inference_mode(), device.autocast():
        parts = [module(device.put(batch)).float() for batch in inputs.batches(groups)]
    return torch.cat(parts)  # outside inference mode, so that training can read it


@dataclass(slots=True)
class FeatureCache:
    """The most recently used outputs, up to `CACHE_BYTES`."""

    kept: OrderedDict[Hashable, Frozen] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, module: nn.Module, inputs: Inputs, device: Device) -> Frozen:
        """The outputs under this key, computed if they are not there; raises `Diverged` if they are not finite."""
        if key not in self.kept:
            device.synchronise()
            started = time.perf_counter()
            outputs = forward_all(module, inputs, device)
            device.synchronise()
            if not bool(torch.isfinite(outputs).all()):
                raise Diverged("the features are not finite numbers: the weights or the preprocessing are broken")
            elapsed = time.perf_counter() - started
            self.kept[key] = Frozen(outputs, outputs.cpu().numpy(), elapsed)
            self._trim()
        self.kept.move_to_end(key)
        return self.kept[key]

    def _trim(self) -> None:
        while len(self.kept) > 1 and sum(entry.outputs.nbytes for entry in self.kept.values()) > CACHE_BYTES:
            self.kept.popitem(last=False)
