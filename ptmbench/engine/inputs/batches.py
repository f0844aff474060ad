"""Network inputs of a data set: all in memory, or decoded from files when they are asked for."""

import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ptmbench.engine.device import Device
from ptmbench.errors import UsageError, listed
from ptmbench.records import environment

WORKERS = 4  # decoding processes at most, and never more than cores
FEW = 256  # files that this process decodes itself: on two cores 64 take 0.09 s here and 0.20 s in workers, 256 as long

Order = Sequence[Sequence[int]]
Reader = Callable[[Path], Tensor]


class Inputs(Protocol):
    """Inputs of n examples, each a tensor of the same shape."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""

    def __len__(self) -> int:
        """How many examples there are."""

    def batches(self, order: Order) -> Iterator[Tensor]:
        """The inputs [m, ...] of each group of examples in turn."""


@dataclass(frozen=True, eq=False, slots=True)
class TensorInputs:
    """Inputs [n, ...] that lie in memory, on any device."""

    tensor: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        return tuple(self.tensor.shape[1:])

    @property
    def lengths(self) -> Tensor | None:
        """How many tokens each text [n] has, where the inputs are ids [n, length] with negative padding at the end."""
        if self.tensor.dim() != 2 or self.tensor.is_floating_point():
            return None
        return (self.tensor >= 0).sum(1)

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.tensor)

    def batches(self, order: Order) -> Iterator[Tensor]:
        """The inputs of each group of examples in turn; texts are cut to the longest of their group."""
        lengths = None if self.lengths is None else self.lengths.tolist()  # read once: a GPU would wait at each batch
        for group in order:
            inputs = self.tensor[torch.as_tensor(group, device=self.tensor.device)]
            yield inputs if lengths is None else inputs[:, : max(1, *(lengths[example] for example in group))]


def largest(inputs: Inputs, count: int) -> list[int]:
    """Which examples cost the most, `count` of them at most: the longest texts, or the first of what is all alike."""
    lengths = inputs.lengths if isinstance(inputs, TensorInputs) else None
    if lengths is None:
        return list(range(min(count, len(inputs))))
    order: list[int] = lengths.argsort(descending=True, stable=True).tolist()
    return order[:count]


def on_device(inputs: Inputs, device: Device) -> Inputs:
    """The inputs, on the device if they are kept; those that are made when they are asked for stay as they are."""
    return TensorInputs(device.put(inputs.tensor)) if isinstance(inputs, TensorInputs) else inputs


@dataclass(frozen=True, eq=False, slots=True)
class AppliedInputs:
    """Inputs that `apply` makes of a batch of raw examples [n, ...] each time it is asked for."""

    raw: Tensor
    apply: Callable[[Tensor], Tensor]
    shape: tuple[int, ...]

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.raw)

    def batches(self, order: Order) -> Iterator[Tensor]:
        """The inputs of each group of examples in turn."""
        for group in order:
            yield self.apply(self.raw[torch.as_tensor(group)])


@dataclass(frozen=True, eq=False, slots=True)
class FileInputs:
    """Inputs that `read` makes of one file each, in worker processes, a few batches ahead: memory stays as it is."""

    files: Sequence[Path]
    read: Reader
    shape: tuple[int, ...]

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.files)

    def batches(self, order: Order) -> Iterator[Tensor]:
        """The inputs of each group in turn; raises `UsageError` that names every file of them that has no picture."""
        workers = 0 if sum(map(len, order)) <= FEW else min(WORKERS, environment.cores())
        loader = DataLoader(
            _Files(self.files, self.read),
            batch_sampler=[list(group) for group in order],
            num_workers=workers,
            collate_fn=_together,
            generator=torch.Generator(),  # else it would draw from the global one, which dropout reads
            worker_init_fn=_heedless,
        )
        faults: list[str] = []
        for inputs, found in loader:
            faults += found
            if not faults:
                yield inputs
        if faults:
            raise UsageError(f"{len(faults)} images cannot be decoded: {listed(sorted(set(faults)))}; take them out")


def _heedless(_worker: int) -> None:
    """Has a worker ignore SIGTERM: sent to a whole group, it is this process's to heed, which ends its workers."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@dataclass(frozen=True, slots=True)
class _Files(Dataset[Tensor | str]):
    """What each file holds; of one that cannot be read, the fault."""

    files: Sequence[Path]
    read: Reader

    def __getitem__(self, index: int) -> Tensor | str:
        try:
            return self.read(self.files[index])
        except (OSError, ValueError, SyntaxError) as error:  # Pillow raises all three for broken files
            return f"{self.files[index]} ({error})"


def _together(examples: Sequence[Tensor | str]) -> tuple[Tensor, list[str]]:
    """One batch of what could be read, and the faults of what could not."""
    inputs = [example for example in examples if not isinstance(example, str)]
    return torch.stack(inputs) if inputs else torch.empty(0), [e for e in examples if isinstance(e, str)]
