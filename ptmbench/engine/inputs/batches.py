"""Network inputs of a data set: all in memory, or decoded from files when they are asked for."""

import itertools
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ptmbench import stages
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.kept_rows import KeptRows
from ptmbench.errors import UsageError, listed
from ptmbench.files.cache_folder import CacheFolder
from ptmbench.records import environment

WORKERS = 4  # decoding processes at most, and never more than cores
CHUNK = 64  # files that a worker decodes before it says so
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
        for group, places in zip(order, places_of(order, self.tensor.device), strict=True):
            inputs = self.tensor[places]
            yield inputs if lengths is None else inputs[:, : max(1, *(lengths[example] for example in group))]


def places_of(order: Order, device: torch.device) -> Sequence[Tensor]:
    """The examples of each group on a device, brought there all at once: a GPU would wait for each group."""
    examples = torch.as_tensor([*itertools.chain.from_iterable(order)], dtype=torch.long, device=device)
    groups: Sequence[Tensor] = examples.split([len(group) for group in order])
    return groups


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


def as_they_are(rows: Tensor) -> Tensor:
    """The rows themselves."""
    return rows


@dataclass(frozen=True, eq=False, slots=True)
class FileInputs:
    """Inputs made of one file each: `read` gives a row, and `finish` makes inputs of rows [n, ...].

    Files are read in worker processes: once where rows are `kept`, else at every pass, a few batches ahead. Memory
    stays as it is. Rows may be kept where `depends` says all that they depend on beside the code.
    """

    files: Sequence[Path]
    read: Reader
    shape: tuple[int, ...]
    finish: Callable[[Tensor], Tensor] = as_they_are
    depends: Mapping[str, object] | None = None
    kept: KeptRows | None = None

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.files)

    def prepare(self, examples: Iterable[int]) -> bool:
        """Decodes what is not kept yet of these, where rows are kept.

        Returns:
            Whether all of them are kept now.

        Raises:
            UsageError: That names every file of them that has no picture.
        """
        if self.kept is None:
            return False
        missing = self.kept.missing(examples)
        if missing and not self.kept.begun:
            first = _Files(self.files, self.read)[missing[0]]
            if isinstance(first, Tensor):  # a fault is met again below, with the others
                self.kept.begin(first)
            missing = self.kept.missing(missing)
        if self.kept.broken:
            return False
        groups = [missing[start : start + CHUNK] for start in range(0, len(missing), CHUNK)]
        faults: list[str] = []
        for number, found in enumerate(_loader(_Kept(self.files, self.read, self.kept), groups, list), start=1):
            stages.HERE.at("decoding pictures", f"{min(number * CHUNK, len(missing)):,} of {len(missing):,}")
            faults += filter(None, found)
        _refuse(faults)
        return not self.kept.missing(missing)

    def batches(self, order: Order) -> Iterator[Tensor]:
        """The inputs of each group in turn; raises `UsageError` that names every file of them that has no picture."""
        if self.prepare(itertools.chain.from_iterable(order)):
            yield from self._of_kept(order)
            return
        faults: list[str] = []
        for rows, found in _loader(_Files(self.files, self.read), order, _together):
            faults += found
            if not faults:
                yield self.finish(rows)
        _refuse(faults)

    def _of_kept(self, order: Order) -> Iterator[Tensor]:
        """The inputs of each group, all of them kept; what was spoiled on the disk is decoded again."""
        assert self.kept is not None
        for group in order:
            rows = self.kept.read(group)
            if rows is None:
                rows, faults = _together([_Files(self.files, self.read)[example] for example in group])
                _refuse(faults)
                for example, row in zip(group, rows, strict=True):
                    self.kept.keep(example, row)
            yield self.finish(rows)


def prepare(inputs: Inputs, examples: Iterable[int] | None = None) -> None:
    """Has these examples, or all, at hand, so that no clock of a network counts the decoding of files."""
    if isinstance(inputs, FileInputs):
        inputs.prepare(range(len(inputs)) if examples is None else examples)


def kept_in(inputs: Inputs, folder: CacheFolder | None, surroundings: Mapping[str, object] | None) -> Inputs:
    """The inputs, their rows kept in a folder where that may be; `surroundings` is what else they depend on."""
    if folder is None or surroundings is None or not isinstance(inputs, FileInputs) or inputs.depends is None:
        return inputs
    return replace(inputs, kept=KeptRows(folder, {**inputs.depends, **surroundings}, len(inputs)))


def _loader(files: Dataset[Any], order: Order, collate: Callable[[list[Any]], Any]) -> DataLoader[Any]:
    """What is made of each group of files in turn, by worker processes where there are many."""
    return DataLoader(
        files,
        batch_sampler=[list(group) for group in order],
        num_workers=0 if sum(map(len, order)) <= FEW else min(WORKERS, environment.cores()),
        collate_fn=collate,
        generator=torch.Generator(),  # else it would draw from the global one, which dropout reads
        worker_init_fn=_heedless,
    )


def _refuse(faults: Sequence[str]) -> None:
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


@dataclass(frozen=True, slots=True)
class _Kept(Dataset[str]):
    """Keeps the row of each file; gives its fault, empty for none."""

    files: Sequence[Path]
    read: Reader
    kept: KeptRows

    def __getitem__(self, index: int) -> str:
        row = _Files(self.files, self.read)[index]
        if isinstance(row, str):
            return row
        self.kept.keep(index, row)
        return ""


def _together(examples: Sequence[Tensor | str]) -> tuple[Tensor, list[str]]:
    """One batch of what could be read, and the faults of what could not."""
    inputs = [example for example in examples if not isinstance(example, str)]
    return torch.stack(inputs) if inputs else torch.empty(0), [e for e in examples if isinstance(e, str)]
