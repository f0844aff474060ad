"""A results folder: one record a case, written atomically, beside the outcomes that it was computed from.

DIR/_folder.json           the one (budget, device, precision) of the folder
DIR/CASE.json              the record
DIR/outcomes/CASE.npz      predictions for every test example and seed; written before the record
DIR/outcomes/CASE.npz~     those of the record that stands, while a newer one is being written
DIR/pictures/CASE.png      test pictures with what a detector or segmenter made of them
DIR/attributions/CASE.png  test pictures with maps of what speaks for their answers
DIR/_running/CASE.json     a mark while a case runs (`ptmbench.records.marks`)
DIR/_runs/                 a mark for each run that writes into the folder (`ptmbench.records.writers`)

A case's id holds two hyphens or three, and no name of ours holds one: whatever users call their models, the names do
not meet.
"""

import functools
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptmbench.errors import RecordError, StoreError
from ptmbench.reading import content_of, json_of
from ptmbench.records import writers
from ptmbench.records.kept_estimates import KeptEstimates
from ptmbench.records.marks import Mark, beating, mark_of_this_process, read_mark
from ptmbench.records.measured import Answers
from ptmbench.records.outcomes import corrupted_estimate_of, estimate_of
from ptmbench.records.record import Outcomes, Record
from ptmbench.records.record_json import from_json, to_json
from ptmbench.records.sharing import Shared, uncollected
from ptmbench.records.sidecars import (
    ATTRIBUTIONS,
    BEFORE,
    OUTCOMES,
    PICTURES,
    SIDECARS,
    read_sidecar,
    sidecars_of,
    unlike,
)
from ptmbench.records.stored_arrays import UNREADABLE, arrays_of, misfit, reason
from ptmbench.records.writers import RUNS
from ptmbench.records.writing import clear_abandoned, replace_whole, told, write_atomically
from ptmbench.statistics.estimates import Estimate

Estimated = TypeVar("Estimated", Estimate, Estimate | None)

FOLDER_FILE = "_folder.json"
RUNNING = "_running"
OWN_FOLDERS = RUNNING, RUNS, OUTCOMES, PICTURES, ATTRIBUTIONS


@dataclass(frozen=True, slots=True)
class FolderKey:
    """What all records of a folder share."""

    budget: str
    device: str
    precision: str

    @property
    def name(self) -> str:
        """The key as the name of a folder."""
        return f"{self.budget}-{self.device}-{self.precision}"


def _narrowed(array: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers from 0 up in the smallest type that holds them, everything else as it is."""
    if array.dtype.kind != "i" or not array.size or array.min() < 0:
        return array
    return array.astype(np.min_scalar_type(int(array.max())))


@dataclass(slots=True)
class Running:
    """A case that is marked as running; `worker_lost` leaves the mark, for a resume to see."""

    worker_lost: bool = False


class ResultsFolder:
    """The records of one budget, device and precision."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened = False
        self._estimates = KeptEstimates()

    def open_for(self, key: FolderKey) -> None:
        """Takes the folder for records of this key; raises `StoreError` if it holds others or cannot be written.

        What a killed run left behind is put right: its unfinished files go, and the sidecars of records that it was
        about to replace come back.
        """
        with told(self.path), suppress(FileExistsError):  # a file in its place is told of below
            self.path.mkdir(parents=True, exist_ok=True)
        with writers.locked(self.path):
            existing = self.key()
            if existing is not None and existing != key:
                raise StoreError(
                    f"{self.path} holds records of {existing.name}, and this run makes {key.name}: give another folder "
                    "with --results (pytest: --ptm-results)"
                )
            if existing is None:
                write_atomically(self.path / FOLDER_FILE, json.dumps(asdict(key), indent=1).encode() + b"\n")
            elif not os.access(self.path, os.W_OK):
                raise StoreError(f"{self.path} cannot be written: give another folder with --results")
            self._put_right()
        self._opened = True

    def _put_right(self) -> None:
        """Clears away or brings back what a kill left between two steps; the cases of live processes are left alone."""
        for place in (self.path, *(self.path / name for name in OWN_FOLDERS)):
            clear_abandoned(place)
        for folder, suffix in SIDECARS:
            for before in sorted((self.path / folder).glob(f"*{suffix}{BEFORE}")):
                case_id = before.name.removesuffix(suffix + BEFORE)
                if self.run_by(case_id) is None:
                    self._decide(case_id, before, before.with_name(case_id + suffix))

    def _decide(self, case_id: str, before: Path, after: Path) -> None:
        """Keeps of two sidecars that of which the standing record speaks; both where it speaks of neither."""
        with suppress(RecordError, OSError):
            record = self.read(case_id)
            spoken = set() if record is None else {sidecar.sha256 for sidecar in sidecars_of(record)}
            if record is None or hashlib.sha256(content_of(after)).hexdigest() in spoken:
                before.unlink()
            elif hashlib.sha256(content_of(before)).hexdigest() in spoken:
                before.replace(after)

    def join(self, settings: str, *, resume: bool) -> Path:
        """Marks this process as a run that writes here; raises `StoreError` where another run must not be met."""
        with writers.locked(self.path):
            return writers.join(self.path, settings, self.writers(), resume=resume)

    def key(self) -> FolderKey | None:
        """What the folder holds; None where it is not a results folder yet."""
        path = self.path / FOLDER_FILE
        try:
            found = FolderKey(**json_of(content_of(path)))
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise StoreError(f"{self.path} is a file, expected a folder") from None
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from None
        odd = [name for name, value in asdict(found).items() if not isinstance(value, str)]
        if odd:
            raise StoreError(f"{path} cannot be read: expected a text for {' and '.join(odd)}")
        return found

    def read(self, case_id: str) -> Record | None:
        """The record of a case, None if there is none; raises `RecordError` if it cannot be read."""
        path = self.path / f"{case_id}.json"
        try:
            return from_json(content_of(path), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror}") from None

    def read_all(self, kept: Callable[[Record], Record] = lambda record: record) -> tuple[list[Record], list[str]]:
        """All records that can be read, by case id, and a line for each that cannot; `kept` says what stays of each."""
        records: list[Record] = []
        problems: list[str] = []
        shared = Shared()
        with uncollected():
            for path in sorted(self.path.glob("*.json")):
                if path.name == FOLDER_FILE:
                    continue
                try:
                    record = from_json(content_of(path), str(path))
                except (RecordError, OSError) as error:
                    problems.append(str(error))
                    continue
                case_id = record.case.id
                if case_id != path.stem:
                    problems.append(f"{path} holds the record of {case_id}: expected the file {case_id}.json")
                    continue
                records.append(shared.record(kept(record)))
        return records, problems

    def write(self, record: Record) -> None:
        """Writes a record; a file in its place that is no record is kept beside it as `CASE.json.unreadable`."""
        path = self.path / f"{record.case.id}.json"
        try:
            self.read(record.case.id)
        except RecordError:
            with told(path):
                path.replace(path.with_name(path.name + ".unreadable"))
        self._write(path, to_json(record).encode())
        self._forget_before(record.case.id)

    def _write(self, path: Path, content: bytes) -> None:
        """Writes a file into the folder, which must still be there: a run that lost its records is to say so."""
        if not (self.path / FOLDER_FILE).exists() and self._opened:
            raise StoreError(
                f"{self.path} is gone, and the records that this run had written with it: run it again into a folder "
                "that stays, with --results (pytest: --ptm-results)"
            )
        with told(path):  # a folder that vanishes just now is not made anew for a part of what it held
            if path.parent != self.path or not self._opened:
                path.parent.mkdir(parents=not self._opened, exist_ok=True)
            replace_whole(path, content)

    def _write_sidecar(self, folder: str, name: str, content: bytes) -> Outcomes:
        """Writes a sidecar and returns what the record says of it; that of the record which stands is kept till then.

        A kill between sidecar and record would else leave the older record without what it speaks of.
        """
        path = self.path / folder / name
        before = path.with_name(name + BEFORE)
        with told(path):
            if path.exists() and not before.exists():
                replace_whole(before, content_of(path))
        self._write(path, content)
        return Outcomes(file=f"{folder}/{name}", sha256=hashlib.sha256(content).hexdigest())

    def _forget_before(self, case_id: str) -> None:
        """Deletes the sidecars of a record that was replaced."""
        for folder, suffix in SIDECARS:
            with suppress(OSError):
                (self.path / folder / f"{case_id}{suffix}{BEFORE}").unlink(missing_ok=True)

    def write_outcomes(self, case_id: str, answers: Answers) -> Outcomes:
        """Writes the predictions of a case and returns what the record says of them."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {name: _narrowed(array) for name, array in answers.arrays().items()}
        np.savez_compressed(buffer, **arrays)
        return self._write_sidecar(OUTCOMES, f"{case_id}.npz", buffer.getvalue())

    def write_pictures(self, case_id: str, content: bytes, folder: str = PICTURES) -> Outcomes:
        """Writes a case's pictures (PNG) and returns what the record says of them."""
        return self._write_sidecar(folder, f"{case_id}.png", content)

    def is_whole(self, record: Record) -> bool:
        """Whether the files are there of which the record speaks."""
        return all((self.path / sidecar.file).is_file() for sidecar in sidecars_of(record))

    def estimate(self, record: Record, *, once: bool = False) -> Estimate:
        """The metric at each seed, and how it hangs on the test examples; raises `RecordError`.

        Kept once read, but for what is asked for only `once`.
        """
        key = "" if record.quality is None else record.quality.outcomes.sha256
        found = self._estimates.get(key)
        if found is None:
            found = self._estimated(record, estimate_of)
            if not once:
                self._estimates.keep(key, found)
        return found

    def corrupted_estimate(self, record: Record) -> Estimate | None:
        """The metric over all corruptions together, None where none was asked for; raises `RecordError`."""
        if record.quality is None or not record.quality.corrupted:
            return None
        return self._estimated(record, corrupted_estimate_of)

    def _estimated(self, record: Record, estimated: Callable[[Mapping[str, Any]], Estimated]) -> Estimated:
        """What is estimated from a record's outcomes; raises `RecordError` where they are of something else."""
        with self.outcomes(record) as outcomes:
            try:
                found = estimated(outcomes)
            except UNREADABLE as error:
                raise RecordError(f"{self._outcomes_of(record)} holds no outcomes: {reason(error)}") from None
        fault = None if found is None else unlike(record, found)
        if fault:
            raise RecordError(f"{self._outcomes_of(record)} is not of its record: {fault}")
        return found

    def _outcomes_of(self, record: Record) -> Path:
        return self.path / ("" if record.quality is None else record.quality.outcomes.file)

    @contextmanager
    def outcomes(self, record: Record) -> Iterator[Mapping[str, Any]]:
        """The stored arrays of a record's outcomes; raises `RecordError` where they are not what it speaks of."""
        if record.quality is None:
            raise RecordError(f"{record.case.id} is {record.status} and has no outcomes")
        path, expected = self.path / record.quality.outcomes.file, record.quality.outcomes.sha256
        arrays = arrays_of(read_sidecar(path, expected), str(path))
        fault = misfit(arrays, record.case.task.classes)
        if fault:
            raise RecordError(f"{path} is not of its record: {fault}")
        yield arrays

    @contextmanager
    def running(self, case_id: str, digest: str, killed_at: tuple[str, ...] = ()) -> Iterator[Running]:
        """Marks the case as running; the mark goes when the block ends, however it ends short of a kill.

        `killed_at` are the places at which processes were killed that ran this case before.
        """
        path, running = self._mark(case_id), Running()
        mark = replace(mark_of_this_process(digest), killed_at=killed_at)
        write = functools.partial(self._write, path)
        try:
            with beating(mark, write):
                yield running
        finally:
            if running.worker_lost:
                write(replace(mark, abandoned=True).content())
            else:
                self.unmark(case_id)

    def unmark(self, case_id: str) -> None:
        """Takes the mark of a case away."""
        with suppress(OSError):  # a folder that is gone or cannot be written: whatever is written next will tell
            self._mark(case_id).unlink(missing_ok=True)

    def _mark(self, case_id: str) -> Path:
        return self.path / RUNNING / f"{case_id}.json"

    def writers(self) -> list[Mark]:
        """The marks of all processes, of whichever host, that are running a case into this folder now."""
        marks = [read_mark(path) for path in sorted((self.path / RUNNING).glob("*.json"))]
        return [mark for mark in marks if mark is not None and mark.lives()]

    def run_by(self, case_id: str) -> Mark | None:
        """The mark of the process that is running the case now; None where none is."""
        mark = read_mark(self._mark(case_id))
        return mark if mark is not None and mark.lives() else None

    def kills(self, case_id: str, digest: str) -> tuple[str, ...]:
        """Where processes were killed that ran this very case, the last one last; empty where none was."""
        mark = read_mark(self._mark(case_id))
        return mark.kills if mark is not None and mark.digest == digest and not mark.lives() else ()


def launches_of(path: Path) -> list[ResultsFolder]:
    """The results folder itself, or those right below it; raises `StoreError` for what is no folder."""
    if not path.is_dir():
        raise StoreError(f"{path} is not a folder: expected one that ptmbench run --results DIR has written")
    folder = ResultsFolder(path)
    if folder.key() is not None:
        return [folder]
    below = [ResultsFolder(entry) for entry in sorted(path.iterdir()) if entry.is_dir()]
    return [launch for launch in below if launch.key() is not None] or [folder]


def read_folders(
    paths: Iterable[Path], kept: Callable[[Record], Record] = lambda record: record
) -> tuple[list[tuple[ResultsFolder, list[Record]]], list[str]]:
    """The records of several results folders, and all problems met; raises `StoreError` for what is none."""
    found, problems = [], []
    for path in paths:
        if not path.is_dir():
            raise StoreError(f"{path} is not a folder: expected one that ptmbench run --results DIR has written")
        folder = ResultsFolder(path)
        records, faults = folder.read_all(kept)
        if folder.key() is None and not records:
            raise StoreError(f"{path} holds no records: expected a folder that ptmbench run --results DIR has written")
        found.append((folder, records))
        problems += faults
    return found, problems
