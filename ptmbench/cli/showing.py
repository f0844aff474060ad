"""`ptmbench show`: what a case made of the test part: boxes and masks as PNG, labels as a confusion matrix."""

import argparse
from pathlib import Path

from ptmbench.analysis.confusion import confusion_of
from ptmbench.catalog.bounds import beyond
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import Faults, PtmbenchError, UnknownName, UsageError
from ptmbench.outlet import for_people, say
from ptmbench.records.hidden_paths import HIDDEN
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder
from ptmbench.records.test_sheets import kept_masks
from ptmbench.records.writing import write_atomically
from ptmbench.report.confusion import render_confusion, told_calibration
from ptmbench.running.session import DEFAULT_FOLDER

SHOWS = (TaskKind.OBJECT_DETECTION, TaskKind.SEMANTIC_SEGMENTATION)


def show(arguments: argparse.Namespace) -> int:
    """Draws the first test pictures of a case anew, or prints which labels it mistakes for which."""
    Faults(*beyond("picture", arguments.pictures)).check()
    folder, record = _found(arguments.case, arguments.results)
    if record.case.task.kind not in SHOWS:
        return _print_confusion(folder, record, arguments.task, arguments.output)
    from ptmbench.engine.data import load
    from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages
    from ptmbench.engine.transfer.dense_work import sheet_of

    with folder.outcomes(record) as outcomes:
        stored = kept_masks(outcomes)
        data = load(data_of(record, arguments.task), skip_bad=record.case.task.left_out > 0)
        test = [int(index) for index in data.split.test]
        same = [data.samples.ids[index] for index in test] == outcomes["test_ids"].tolist()
        if not same or not isinstance(data.samples, BoxedImages | MaskedImages):
            raise UsageError(f"{record.case.task.dataset} is not what {record.case.id} ran on: its test part changed")
        drawn = sheet_of(data.samples, test, outcomes, record.case.id, arguments.pictures)
    output = arguments.output or Path(f"{record.case.id}.png")
    write_atomically(output, drawn)
    kept = f" (masks are kept of {stored})" if stored is not None and arguments.pictures > stored else ""
    say(f"{output}: {min(arguments.pictures, stored or len(test), len(test))} of {len(test)} test pictures{kept}")
    return 0


def data_of(record: Record, given: str | None) -> str:
    """The data set: as given, else as the record has it; raises `UsageError` where the record keeps no folder of it."""
    if given:
        return task_spec(given, ()).dataset
    dataset = record.case.task.dataset
    if HIDDEN.search(dataset):
        raise UsageError(
            f"{record.case.id} ran on {dataset}, and records keep no folders: say where its data lie, with the "
            "reference that it ran with: --task REFERENCE"
        )
    return dataset


def _print_confusion(folder: ResultsFolder, record: Record, given: str | None, output: Path | None) -> int:
    with folder.outcomes(record) as outcomes:
        found = confusion_of(outcomes, () if "classes" in outcomes else _classes_of(record, given))
    if found is None:
        raise UsageError(f"{record.case.id} is {record.case.task.kind}: its outcomes hold no labels")
    text = "\n".join(filter(None, (f"{record.case.id}\n", render_confusion(found), told_calibration(record))))
    if output is None:
        say(text.rstrip("\n"))
    else:
        write_atomically(output, for_people(text).encode())
        say(f"written to {output}")
    return 0


def _classes_of(record: Record, given: str | None) -> tuple[str, ...]:
    """The names of the classes from the data itself, for older outcomes; none where the data cannot be read."""
    from ptmbench.engine.data import load

    try:
        return load(data_of(record, given), skip_bad=record.case.task.left_out > 0).samples.classes
    except PtmbenchError:
        return ()


def _found(case_id: str, place: Path | None) -> tuple[ResultsFolder, Record]:
    """The case's record in a folder, or the newest below the default one; raises `UsageError` with near names."""
    places = [place] if place else sorted(DEFAULT_FOLDER.glob("*"), key=lambda path: -path.stat().st_mtime)
    folders = [ResultsFolder(path) for path in places if path.is_dir()]
    if not folders:
        raise UsageError(f"{place or DEFAULT_FOLDER} is no results folder: give one with --results DIR")
    for folder in folders:
        record = folder.read(case_id)
        if record is not None:
            return folder, record
    raise UnknownName("record", case_id, {path.stem for folder in folders for path in folder.path.glob("[!_]*.json")})
