"""A results folder: one record a case, written atomically, beside the outcomes that it was computed from.

DIR/_folder.json           the one (budget, device, precision) of the folder
DIR/CASE.json              the record
DIR/outcomes/CASE.npz      predictions for every test example and seed; written before the record
DIR/pictures/CASE.png      test pictures with what a detector or segmenter made of them
DIR/_running/CASE.json     a mark while a case runs (`ptmbench.records.marks`)
"""

import functools
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptmbench.errors import RecordError, StoreError
from ptmbench.records.marks import Mark, beating, mark_of_this_process, read_mark
from ptmbench.records.measured import Answers
from ptmbench.records.outcomes import corrupted_estimate_of, estimate_of
from ptmbench.records.record import Outcomes, Record
from ptmbench.records.record_json import from_json, to_json
from ptmbench.records.writing import write_atomically
from ptmbench.statistics.estimates import Estimate

FOLDER_FILE = "_folder.json"
RUNNING = "_running"
OUTCOMES = "outcomes"
PICTURES = "pictures"


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


class ResultsFolder:
    """The records of one budget, device and precision."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._estimates: dict[str, Estimate] = {}

    def open_for(self, key: FolderKey) -> None:
        """Takes the folder for records of this key; raises `StoreError` if it holds others or cannot be written."""
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

    def key(self) -> FolderKey | None:
        """What the folder holds; None where it is not a results folder yet."""
        path = self.path / FOLDER_FILE
        try:
            return FolderKey(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise StoreError(f"{self.path} is a file, expected a folder") from None
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from None

    def read(self, case_id: str) -> Record | None:
        """The record of a case, None if there is none; raises `RecordError` if it cannot be read."""
        path = self.path / f"{case_id}.json"
        try:
            return from_json(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror}") from None

    def read_all(self) -> tuple[list[Record], list[str]]:
        """All records that can be read, by case id, and a line for each that cannot."""
        records, problems = [], []
        for path in sorted(self.path.glob("*.json")):
            if path.name.startswith("_"):
                continue
            try:
                record = from_json(path.read_bytes(), str(path))
            except (RecordError, OSError) as error:
                problems.append(str(error))
                continue
            if record.case.id != path.stem:
                problems.append(f"{path} holds the record of {record.case.id}: expected the file {record.case.id}.json")
                continue
            records.append(record)
        return records, problems

    def write(self, record: Record) -> None:
        """Writes a record; a file in its place that is no record is kept beside it as `CASE.json.unreadable`."""
        path = self.path / f"{record.case.id}.json"
        try:
            self.read(record.case.id)
        except RecordError:
            path.replace(path.with_name(path.name + ".unreadable"))
        write_atomically(path, to_json(record).encode())

    def write_outcomes(self, case_id: str, answers: Answers) -> Outcomes:
        """Writes the predictions of a case and returns what the record says of them."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {name: _narrowed(array) for name, array in answers.arrays().items()}
        np.savez_compressed(buffer, **arrays)
        name = f"{OUTCOMES}/{case_id}.npz"
        write_atomically(self.path / name, buffer.getvalue())
        return Outcomes(file=name, sha256=hashlib.sha256(buffer.getvalue()).hexdigest())

    def write_pictures(self, case_id: str, content: bytes) -> Outcomes:
        """Writes a case's pictures (PNG) and returns what the record says of them."""
        name = f"{PICTURES}/{case_id}.png"
        write_atomically(self.path / name, content)
        return Outcomes(file=name, sha256=hashlib.sha256(content).hexdigest())

    def estimate(self, record: Record) -> Estimate:
        """The metric at each seed, and how it hangs on the test examples; raises `RecordError`. Kept once read."""
        key = "" if record.quality is None else record.quality.outcomes.sha256
        if key not in self._estimates:
            with self.outcomes(record) as outcomes:
                self._estimates[key] = estimate_of(outcomes)
        return self._estimates[key]

    def corrupted_estimate(self, record: Record) -> Estimate | None:
        """The metric over all corruptions together, None where none was asked for; raises `RecordError`."""
        if record.quality is None or not record.quality.corrupted:
            return None
        with self.outcomes(record) as outcomes:
            return corrupted_estimate_of(outcomes)

    @contextmanager
    def outcomes(self, record: Record) -> Iterator[Mapping[str, Any]]:
        """The stored arrays of a record's outcomes; raises `RecordError` where they are not what it speaks of."""
        if record.quality is None:
            raise RecordError(f"{record.case.id} is {record.status} and has no outcomes")
        path, expected = self.path / record.quality.outcomes.file, record.quality.outcomes.sha256
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror}") from None
        if hashlib.sha256(content).hexdigest() != expected:
            raise RecordError(f"{path} is not what its record speaks of: expected sha256 {expected}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            yield arrays

    @contextmanager
    def running(self, case_id: str, digest: str) -> Iterator[None]:
        """Marks the case as running; the mark goes when the block ends, however it ends short of a kill."""
        path = self._mark(case_id)
        try:
            with beating(mark_of_this_process(digest), functools.partial(write_atomically, path)):
                yield
        finally:
            path.unlink(missing_ok=True)

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

    def take_killed(self, case_id: str, digest: str) -> bool:
        """Whether a process was killed while it ran this very case; the mark is taken away."""
        path = self._mark(case_id)
        mark = read_mark(path)
        killed = mark is not None and mark.digest == digest and not mark.lives()
        if killed:
            path.unlink(missing_ok=True)
        return killed


def launches_of(path: Path) -> list[ResultsFolder]:
    """The results folder itself, or those right below it; raises `StoreError` for what is no folder."""
    if not path.is_dir():
        raise StoreError(f"{path} is not a folder: expected one that ptmbench run --results DIR has written")
    folder = ResultsFolder(path)
    if folder.key() is not None:
        return [folder]
    below = [ResultsFolder(entry) for entry in sorted(path.iterdir()) if entry.is_dir()]
    return [launch for launch in below if launch.key() is not None] or [folder]


def read_folders(paths: Iterable[Path]) -> tuple[list[tuple[ResultsFolder, list[Record]]], list[str]]:
    """The records of several results folders, and all problems met; raises `StoreError` for what is none."""
    found, problems = [], []
    for path in paths:
        if not path.is_dir():
            raise StoreError(f"{path} is not a folder: expected one that ptmbench run --results DIR has written")
        folder = ResultsFolder(path)
        records, faults = folder.read_all()
        if folder.key() is None and not records:
            raise StoreError(f"{path} holds no records: expected a folder that ptmbench run --results DIR has written")
        found.append((folder, records))
        problems += faults
    return found, problems
