"""Frozen outputs of a module over a data set, computed once and shared.

The key holds everything the figures depend on: weights, part of the network, preprocessing, data set, precision and
device. Batches have a fixed size and order, which depend on the data alone, so a cached result and a fresh one are
equal to the last bit.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench import stages
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import Inputs, TensorInputs
from ptmbench.errors import Diverged

BATCH = 256
TOKENS = 2**14  # of a batch of texts, padding included: 256 of 64 tokens, 32 of 512
CACHE_BYTES = 4 * 2**30


@dataclass(frozen=True, eq=False, slots=True)
class Frozen:
    """Outputs [n, ...] (float32) on the device and as an array, and the seconds they took when they were computed."""

    outputs: Tensor
    array: NDArray[np.float32]
    feature_time_s: float


def _groups(lengths: Sequence[int] | None, examples: int) -> list[list[int]]:
    """Places of `examples` in batches: in their order, or texts of like length together, the longest first."""
    if lengths is None:
        return [list(range(start, min(start + BATCH, examples))) for start in range(0, examples, BATCH)]
    groups: list[list[int]] = []
    for place in sorted(range(examples), key=lambda place: -lengths[place]):
        if not groups or (len(groups[-1]) + 1) * lengths[groups[-1][0]] > TOKENS or len(groups[-1]) == BATCH:
            groups.append([])
        groups[-1].append(place)
    return groups


def forward_each(
    shared: nn.Module,
    ends: Mapping[str, nn.Module],
    inputs: Inputs,
    device: Device,
    examples: Sequence[int] | None = None,
) -> dict[str, Tensor]:
    """What each end makes of the shared module's outputs (float32), in one pass over all inputs or over `examples`.

    Everything is in eval mode. Batches have one size and order; texts are sorted by length over the whole set and cut
    to the longest of their batch, and what is given for each token is 0 where there is none.
    """
    chosen = list(range(len(inputs)) if examples is None else examples)
    found = inputs.lengths if isinstance(inputs, TensorInputs) else None
    lengths = None if found is None else found[torch.as_tensor(chosen, device=found.device)].tolist()
    groups = _groups(lengths, len(chosen))
    batches = inputs.batches([[chosen[place] for place in group] for group in groups])
    for module in (shared, *ends.values()):
        module.eval()
    given: dict[str, Tensor] = {}
    with torch.inference_mode(), device.autocast():
        for number, (group, batch) in enumerate(zip(groups, batches, strict=True), start=1):
            stages.HERE.at("computing features", f"batch {number} of {len(groups)}")
            outputs = shared(device.put(batch))
            for name, end in ends.items():
                part = end(outputs).float()
                by_token = lengths is not None and part.dim() == 3
                if name not in given:
                    shape = (inputs.shape[0], part.shape[2]) if by_token else part.shape[1:]
                    with torch.inference_mode(mode=False):  # so that training can read them
                        given[name] = torch.zeros(len(chosen), *shape, device=part.device)
                places = torch.as_tensor(group, device=part.device)
                if by_token:
                    given[name][places, : part.shape[1]] = part
                else:
                    given[name][places] = part
    return given


def forward_all(module: nn.Module, inputs: Inputs, device: Device, examples: Sequence[int] | None = None) -> Tensor:
    """The module's outputs (float32) over all inputs, or over some `examples`, in eval mode, batch by batch."""
    return forward_each(module, {"": nn.Identity()}, inputs, device, examples)[""]


@dataclass(slots=True)
class FeatureCache:
    """The most recently used outputs, up to `CACHE_BYTES`."""

    kept: OrderedDict[Hashable, Frozen] = field(default_factory=OrderedDict)

    def get(
        self,
        key: tuple[object, ...],
        name: str,
        parts: Callable[[], tuple[nn.Module, Mapping[str, nn.Module]]],
        inputs: Inputs,
        device: Device,
        *,
        examples: Sequence[int] | None = None,
    ) -> Frozen:
        """What the end called `name` gives of all inputs, or of `examples`, which stand in the key then.

        Where it is not kept, all ends are computed in one pass. `parts` makes the shared module and its ends, `key`
        holds all that they depend on. Raises `Diverged` if an output is not finite.
        """
        if (*key, name) not in self.kept:
            device.synchronise()
            started = time.perf_counter()
            found = forward_each(*parts(), inputs, device, examples)
            device.synchronise()
            elapsed = time.perf_counter() - started
            if not all(bool(torch.isfinite(outputs).all()) for outputs in found.values()):
                raise Diverged("the features are not finite numbers: the weights or the preprocessing are broken")
            for end, outputs in found.items():
                self.kept[*key, end] = Frozen(outputs, outputs.cpu().numpy(), elapsed)
            self._trim(len(found))
        self.kept.move_to_end((*key, name))
        return self.kept[*key, name]

    def _trim(self, newest: int) -> None:
        while len(self.kept) > newest and sum(entry.outputs.nbytes for entry in self.kept.values()) > CACHE_BYTES:
            self.kept.popitem(last=False)
