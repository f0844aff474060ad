"""Text data sets of the Hugging Face hub, `hf:ORG/NAME@REVISION?text=COLUMN&label=COLUMN`, or a folder of such files.

The files are read from the hub's cache, or from the folder, by the `datasets` library (an extra); `?tokens=&tags=`
reads labels a word. A `@REVISION` pins them; loading scripts are not run.
"""

import contextlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens
from ptmbench.engine.foreign_code import imported
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError, listed
from ptmbench.files.downloads import check_online
from ptmbench.files.splits import Part

FILES: Final = ("*.parquet", "*.csv", "*.jsonl", "*.json")
HIDDEN = -1  # the label that public test parts carry where it is kept secret
TAG: Final = re.compile(r"O|[BIESM]-\S+")  # what seqeval tells apart: of U- and L- it loses entities side by side


def folder_of(reference: Reference) -> Path:
    """The user's own folder, or the snapshot in the hub's cache; raises `Unavailable`."""
    own = Path(reference.name).expanduser()
    if own.is_dir():
        return own
    repository, _, revision = reference.name.partition("@")
    try:
        found = snapshot_download(repository, repo_type="dataset", revision=revision or None, local_files_only=True)
    except HFValidationError:
        raise Unavailable(f"{own} is neither a folder nor the name of a repository: expected hf:ORG/NAME") from None
    except LocalEntryNotFoundError:
        raise Unavailable(f"{repository} is not on disk: ptmbench fetch --task '{reference}'") from None
    return Path(found)


def fetch(reference: Reference) -> Path:
    """Downloads the tables into the hub's cache; the hub's client resumes and checks."""
    own, (repository, _, revision) = Path(reference.name).expanduser(), reference.name.partition("@")
    if own.is_dir():
        return own
    check_online()
    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision or None, allow_patterns=[*FILES, "README.md"]
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise WeightsError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from None
    return Path(found)


def load(reference: Reference, *, skip_bad: bool) -> LabelledTexts | LabelledTokens:
    """The set's parts, with the names of its labels."""
    tables = _tables(reference)
    chosen = _parts(reference, list(tables))
    if reference.get("text"):
        return _texts(reference, {part: tables[name] for part, name in chosen.items()}, skip_bad=skip_bad)
    return _tokens(reference, {part: tables[name] for part, name in chosen.items()})


def _tables(reference: Reference) -> Any:
    """The tables by the names of their splits."""
    library: Any = imported("datasets", "datasets")
    folder = folder_of(reference)
    folder = folder / reference.get("folder") if reference.get("folder") else folder
    if not any(file for pattern in FILES for file in folder.rglob(pattern)):
        raise Unavailable(f"{folder} holds no tables: expected {', '.join(FILES)}; fetch it again")
    try:
        with _quiet(library):
            return library.load_dataset(str(folder), trust_remote_code=False)
    except Exception as error:  # noqa: BLE001  the library raises many kinds, some of them of pyarrow
        raise UsageError(
            f"{reference} cannot be read: {str(error).splitlines()[0]}; several sets in one repository are told apart "
            "by ?folder=NAME"
        ) from None


@contextlib.contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Without progress bars, and without any table being looked up on the network."""
    library.disable_progress_bars()
    try:
        yield
    finally:
        library.enable_progress_bars()


def _parts(reference: Reference, names: Sequence[str]) -> dict[Part, str]:
    """Which split is which part: by its name, or as `validation=` and `test=` say."""
    wanted: dict[Part, str] = {"train": "train", "validation": "validation", "test": "test"}
    given: dict[Part, str] = {"validation": reference.get("validation"), "test": reference.get("test")}
    for part, name in given.items():
        if name and name not in names:
            raise UnknownName(f"split of {reference.name}", name, names)
        if name:
            wanted[part] = name
    if wanted["test"] == wanted["validation"]:
        del wanted["validation"]  # the training part gives one, as where a set comes without it
    found = {part: name for part, name in wanted.items() if name in names}
    for part in ("train", "test"):
        if part not in found:
            raise UsageError(f"{reference} has the splits {', '.join(names)} and no {part}: name one with ?test=SPLIT")
    return found


def _column(reference: Reference, option: str, table: Any) -> str:
    name = reference.get(option)
    if name not in table.column_names:
        raise UnknownName(f"column of {reference.name}", name, table.column_names)
    return name


@dataclass(frozen=True, slots=True)
class _Row:
    """A text with the name of its label and the value that it stands for, or what is wrong with it."""

    part: Part
    index: int
    text: str
    label: str
    value: Any
    fault: str


def _names(table: Any, column: str) -> tuple[str, ...]:
    """The names that a table gives the integers of a column; none where integers are labels themselves."""
    feature = table.features[column]
    return tuple(getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None) or ())


def _name(value: Any, names: tuple[str, ...]) -> tuple[str, str]:
    """What a label is called, and what is wrong with it; 1 and 1.0 are one label, 1 and true are two."""
    if value is None or value != value or (names and value == HIDDEN):  # noqa: PLR0124  NaN, of whatever kind
        return "", "no label"
    if isinstance(value, str) and not value.strip():
        return "", "no label"
    if names:
        known = isinstance(value, int) and 0 <= value < len(names)
        return (names[value], "") if known else ("", f"{value!r} is none of the set's {len(names)} labels")
    if isinstance(value, list | dict):
        return "", f"expected one label, got {value!r}"
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value), ""


def _rows(reference: Reference, part: Part, table: Any) -> Iterator[_Row]:
    text, label = _column(reference, "text", table), _column(reference, "label", table)
    names = _names(table, label)
    for index, (words, value) in enumerate(zip(table[text], table[label], strict=True)):
        name, fault = _name(value, names)
        fault = fault if isinstance(words, str) and words.strip() else "no text"
        yield _Row(part, index, words, name, value, fault)


def _texts(reference: Reference, tables: dict[Part, Any], *, skip_bad: bool) -> LabelledTexts:
    rows = [row for part, table in tables.items() for row in _rows(reference, part, table)]
    declared = dict.fromkeys(name for table in tables.values() for name in _names(table, reference.get("label")))
    trained = {row.label for row in rows if row.part == "train" and not row.fault}
    if str(HIDDEN) not in {*declared, *trained}:
        rows = [replace(row, fault="no label") if row.label == str(HIDDEN) else row for row in rows]
    faults = tuple(f"{row.part} row {row.index + 1}: {row.fault}" for row in rows if row.fault)
    if faults and not skip_bad:
        raise UsageError(
            f"{reference}: {len(faults)} faults: {listed(faults)}; where a test part has no labels take another one, "
            "?test=validation, or go on without these rows: --skip-bad"
        )
    rows = [row for row in rows if not row.fault]
    values = {row.label: row.value for row in rows if row.label not in declared}
    classes = (*declared, *sorted(values, key=lambda name: _order(name, values[name])))
    _check_labels(reference, rows, classes, declared)
    place = {name: index for index, name in enumerate(classes)}
    return LabelledTexts(
        tuple(f"{row.part}/{row.index}" for row in rows),
        tuple(row.text for row in rows),
        torch.tensor([place[row.label] for row in rows], dtype=torch.int64),
        classes,
        parts=tuple(row.part for row in rows),
        left_out=faults,
    )


def _order(name: str, value: Any) -> tuple[int, float, str]:
    """Numbers by size, before everything else by name."""
    return (0, value, name) if isinstance(value, int | float) else (1, 0, name)


def _check_labels(
    reference: Reference, rows: Sequence[_Row], classes: Sequence[str], declared: Collection[str]
) -> None:
    """Two classes or more, and no label in the test part that the set does not name and training never shows."""
    if len(classes) < 2:
        raise UsageError(f"{reference}: expected two labels or more, got {listed(classes) or 'none'}")
    seen = {part: {row.label for row in rows if row.part == part} for part in ("train", "test")}
    unseen = [name for name in classes if name in seen["test"] - seen["train"] and name not in declared]
    if unseen:
        raise UsageError(
            f"{reference}: labels of the test part that no training example has: {listed(unseen)}; in training there "
            f"are {listed([name for name in classes if name in seen['train']]) or 'none'}: expected one spelling of "
            "each label in all parts"
        )


def _tokens(reference: Reference, tables: dict[Part, Any]) -> LabelledTokens:
    ids: list[str] = []
    sentences: list[tuple[str, ...]] = []
    tags: list[tuple[str, ...]] = []
    parts: list[Part] = []
    faults: list[str] = []
    for part, table in tables.items():
        words, labels = _column(reference, "tokens", table), _column(reference, "tags", table)
        names = _names(table, labels)
        for index, (sentence, row) in enumerate(zip(table[words], table[labels], strict=True)):
            if not sentence:
                continue  # a tweet that was deleted
            found = [_name(tag, names) for tag in row or ()]
            faults += [f"{part} row {index + 1}: {fault}" for _, fault in found if fault]
            ids.append(f"{part}/{index}")
            sentences.append(tuple(word.replace("\t", " ") or "_" for word in sentence))
            tags.append(tuple(name for name, _ in found))
            parts.append(part)
    if faults:
        raise UsageError(f"{reference}: {len(faults)} faults: {listed(faults)}; give every word a tag: O for no entity")
    classes = ("O", *sorted({tag for row in tags for tag in row} - {"O"}))
    _check_tags(reference, classes)
    return LabelledTokens(tuple(ids), tuple(sentences), tuple(tags), classes, tuple(parts))


def _check_tags(reference: Reference, tags: Sequence[str]) -> None:
    """Raises `UsageError` where tags do not say which entity they are of: entity F1 would count none or wrong ones."""
    odd = [tag for tag in tags if not TAG.fullmatch(tag)]
    if any(tag.removeprefix("-").isdecimal() for tag in odd):
        raise UsageError(
            f"{reference}: tags that are numbers without names: {listed(odd)}; expected O, B-TYPE and I-TYPE: write "
            "these names into the table, or declare them in the README.md beside it (dataset_info, class_label)"
        )
    if odd:
        raise UsageError(
            f"{reference}: tags that say no entity: {listed(odd)}; expected O, B-TYPE and I-TYPE (E-, S-, M-TYPE too): "
            "write B- before the type of an entity's first word, and I- before that of each further one"
        )
    if len(tags) < 2:
        raise UsageError(f"{reference} has no entity: expected tags B-TYPE and I-TYPE beside O")
