"""Frozen outputs of a module over a data set, computed once and shared.

The key holds everything the figures depend on: weights, part of the network, preprocessing, data set, precision and
device. Batches have a fixed size and order, which depend on the data alone, so a cached result and a fresh one are
equal to the last bit. So is one that another run has kept on disk (`feature_store`), under a key of content alone.
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
from ptmbench.engine.inputs.batches import Inputs, TensorInputs, places_of, prepare
from ptmbench.engine.transfer.feature_identity import Identity
from ptmbench.engine.transfer.feature_store import FeatureStore, pays
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
    placed: Sequence[Tensor] = ()
    with torch.inference_mode(), device.autocast():
        for number, batch in enumerate(batches, start=1):
            stages.HERE.at("computing features", f"batch {number} of {len(groups)}")
            outputs = shared(device.put(batch))
            for name, end in ends.items():
                part = end(outputs).float()
                by_token = lengths is not None and part.dim() == 3
                if name not in given:
                    shape = (inputs.shape[0], part.shape[2]) if by_token else part.shape[1:]
                    with torch.inference_mode(mode=False):  # so that training can read them
                        given[name] = torch.zeros(len(chosen), *shape, device=part.device)
                placed = placed or places_of(groups, part.device)
                places = placed[number - 1]
                if by_token:
                    given[name][places, : part.shape[1]] = part
                else:
                    given[name][places] = part
    return given


def forward_all(module: nn.Module, inputs: Inputs, device: Device, examples: Sequence[int] | None = None) -> Tensor:
    """The module's outputs (float32) over all inputs, or over some `examples`, in eval mode, batch by batch."""
    return forward_each(module, {"": nn.Identity()}, inputs, device, examples)[""]


def _computed(
    parts: Callable[[], tuple[nn.Module, Mapping[str, nn.Module]]],
    inputs: Inputs,
    device: Device,
    examples: Sequence[int] | None,
) -> tuple[dict[str, Tensor], float]:
    """What all ends give, and the seconds it took; raises `Diverged`."""
    prepare(inputs, examples)
    device.synchronise()
    started = time.perf_counter()
    found = forward_each(*parts(), inputs, device, examples)
    device.synchronise()
    elapsed = time.perf_counter() - started
    if not all(bool(torch.isfinite(outputs).all()) for outputs in found.values()):
        raise Diverged("the features are not finite numbers: the weights or the preprocessing are broken")
    return found, elapsed


def _of_end(known: Identity, name: str) -> Identity:
    return {**known, "end": name}


@dataclass(slots=True)
class FeatureCache:
    """The most recently used outputs, up to `CACHE_BYTES`; more in the store on disk, where there is one."""

    kept: OrderedDict[Hashable, Frozen] = field(default_factory=OrderedDict)
    store: FeatureStore | None = None

    def get(
        self,
        key: tuple[object, ...],
        name: str,
        parts: Callable[[], tuple[nn.Module, Mapping[str, nn.Module]]],
        inputs: Callable[[], Inputs],
        device: Device,
        *,
        examples: Sequence[int] | None = None,
        identity: Callable[[], Identity | None] = lambda: None,
    ) -> Frozen:
        """What the end called `name` gives of all inputs, or of `examples`, which stand in the key then.

        Args:
            key: All that the outputs depend on, as this process calls it.
            name: The end that is asked for; where it is not kept, all ends are computed in one pass.
            parts: Makes the shared module and its ends.
            inputs: Makes the inputs.
            device: Where outputs are computed and kept.
            examples: Places of the inputs to compute.
            identity: All that the outputs of all ends depend on, by content; None keeps them from the disk.

        Raises:
            Diverged: An output is not finite.
        """
        if (*key, name) not in self.kept:
            known = None if self.store is None else identity()
            if not self._read(key, name, known, device):
                found, elapsed = _computed(parts, inputs(), device, examples)
                self._keep(key, known, found, elapsed)
        self.kept.move_to_end((*key, name))
        return self.kept[*key, name]

    def _read(self, key: tuple[object, ...], name: str, known: Identity | None, device: Device) -> bool:
        """Whether the end that is asked for came from the disk."""
        if self.store is None or known is None:
            return False
        stages.HERE.at("reading features")
        found = self.store.read(_of_end(known, name))
        if found is None:
            return False
        outputs = torch.from_numpy(found.array).to(device.type)
        self.kept[*key, name] = Frozen(outputs, found.array, found.feature_time_s)
        self._trim(1)
        return True

    def _keep(
        self, key: tuple[object, ...], known: Identity | None, found: Mapping[str, Tensor], elapsed: float
    ) -> None:
        """Keeps what was computed in memory and, where that pays, on disk."""
        for end, outputs in found.items():
            self.kept[*key, end] = Frozen(outputs, outputs.cpu().numpy(), elapsed)
        if self.store is not None and known is not None and pays(sum(each.nbytes for each in found.values()), elapsed):
            for end in found:
                self.store.write(_of_end(known, end), self.kept[*key, end].array, elapsed)
        self._trim(len(found))

    def _trim(self, newest: int) -> None:
        while len(self.kept) > newest and sum(entry.outputs.nbytes for entry in self.kept.values()) > CACHE_BYTES:
            self.kept.popitem(last=False)
