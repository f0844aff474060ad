"""A user's own tables of labelled text: comma-separated, tab-separated, or a label before a space.

A column is named by its heading, or by its number from 1 in a table without headings. Everything that is wrong with a
file is said at once, with its lines.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ptmbench.errors import UnknownName, UsageError, listed
from ptmbench.files.image_folders import PART_NAMES
from ptmbench.files.splits import Part

DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "space": " "}
MISSING = ("", "-1", "nan", "none", "null")  # labels that a test part published without labels carries
CSV_FIELD_LIMIT = 10**7  # characters: Python's own limit of 131,072 is below a long document


@dataclass(frozen=True, slots=True)
class TableForm:
    """How a table is read: which columns, what divides them, in which encoding.

    `label_until` cuts a label at the first such sign ("DESC:manner" at ":").
    """

    text: str = "text"
    label: str = "label"
    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    label_until: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A text with its label and the line (from 1) on which its row ends."""

    text: str
    label: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Labelled texts of one or several files, with the part of each where the files say so."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    parts: tuple[Part, ...] | None
    left_out: tuple[str, ...]


def part_of(file: Path) -> Part | None:
    """The part that a file's name speaks of: one of its words is train, dev, test and the like."""
    found = {PART_NAMES[word] for word in re.findall(r"[a-z]+", file.name.lower()) if word in PART_NAMES}
    return found.pop() if len(found) == 1 else None


def part_files(folder: Path) -> dict[Part, Path]:
    """The files of a folder that are a part each; raises `UsageError` without train and test."""
    found: dict[Part, list[Path]] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        part = part_of(path)
        if part:
            found.setdefault(part, []).append(path)
    twice = [path.name for paths in found.values() if len(paths) > 1 for path in paths]
    if twice or "train" not in found or not found.keys() & {"test", "validation"}:
        what = f"several files for a part: {listed(twice)}" if twice else f"{', '.join(found) or 'no part'}"
        raise UsageError(f"{folder}: expected one file each for train and test by name, got {what}")
    single = {part: paths[0] for part, paths in found.items()}
    if "test" not in single:
        single["test"] = single.pop("validation")
    return single


def read_tables(files: dict[Part, Path] | Path, form: TableForm, *, skip_bad: bool = False) -> Table:
    """The labelled texts of one file, or of a file for each part; raises `UsageError` with all faults."""
    given: list[tuple[Part | None, Path]] = [(None, files)] if isinstance(files, Path) else [*files.items()]
    rows: list[tuple[Path, Part | None, Row]] = []
    faults: list[str] = []
    for part, path in given:
        found, wrong = _read(path, form)
        rows += [(path, part, row) for row in found]
        faults += wrong
    if faults and not skip_bad:
        raise UsageError(
            "\n  ".join([f"{len(faults)} faults:", *_shown(faults), "next: mend the lines, or --skip-bad"])
        )
    _check_labels(rows, isinstance(files, Path))
    return Table(
        ids=tuple(f"{path.name}:{row.line}" for path, _, row in rows),
        texts=tuple(row.text for _, _, row in rows),
        labels=tuple(row.label for _, _, row in rows),
        parts=None if isinstance(files, Path) else tuple(part for _, part, _ in rows if part),
        left_out=tuple(faults),
    )


def _shown(faults: Sequence[str]) -> list[str]:
    return [*faults[:20], *([f"... and {len(faults) - 20} more"] if len(faults) > 20 else [])]


def _check_labels(rows: Sequence[tuple[Path, Part | None, Row]], single: bool) -> None:  # noqa: FBT001  how the rows came
    """Two classes or more, and no label in the test part that training never shows."""
    classes = {row.label for _, _, row in rows}
    if len(classes) < 2:
        where, found = rows[0][0] if rows else "the table", listed(sorted(classes)) or "none"
        raise UsageError(f"{where}: expected two labels or more, got {found}")
    if single:
        return
    seen = {part: {row.label for _, found, row in rows if found == part} for part in ("train", "test")}
    unseen = seen["test"] - seen["train"]
    if unseen:
        raise UsageError(f"labels of the test part that no training example has: {listed(sorted(unseen))}")


def _read(path: Path, form: TableForm) -> tuple[list[Row], list[str]]:
    """The rows of one file, and its faults by line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        text = content.decode(form.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise UsageError(
            f"{path}: not {form.encoding}: {error}; name its encoding, for example csv:{path}?encoding=latin-1"
        ) from None
    delimiter = _delimiter(path, form)
    if delimiter == " ":
        cells = [(number, line.split(None, 1)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    else:
        cells = _csv_rows(text, delimiter)
    if not cells:
        raise UsageError(f"{path}: the file is empty")
    return _rows(path, cells, form)


def _csv_rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    csv.field_size_limit(CSV_FIELD_LIMIT)
    lines = io.StringIO(text, newline="")
    if delimiter == "\t":  # in tab-separated text a quote is a quote
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=delimiter)
    return [(reader.line_num, row) for row in reader if row]


def _delimiter(path: Path, form: TableForm) -> str:
    if form.delimiter is None:
        return "," if path.suffix.lower() == ".csv" else "\t"
    if form.delimiter in DELIMITERS.values():
        return form.delimiter
    if form.delimiter not in DELIMITERS:
        raise UnknownName("delimiter", form.delimiter, DELIMITERS)
    return DELIMITERS[form.delimiter]


def _rows(path: Path, cells: list[tuple[int, list[str]]], form: TableForm) -> tuple[list[Row], list[str]]:
    columns = [_column(path, cells[0][1], name) for name in (form.text, form.label)]
    body = cells if form.text.isdecimal() and form.label.isdecimal() else cells[1:]
    rows, faults = [], []
    for line, row in body:
        if len(row) <= max(columns):
            faults.append(f"{path}:{line}: {len(row)} columns, expected at least {max(columns) + 1}")
            continue
        text, label = (row[column].strip() for column in columns)
        label = label.partition(form.label_until)[0] if form.label_until else label
        if not text:
            faults.append(f"{path}:{line}: the text is empty")
        elif label.lower() in MISSING:
            faults.append(f"{path}:{line}: no label (got {label!r})")
        else:
            rows.append(Row(text, label, line))
    return rows, faults


def _column(path: Path, headings: Sequence[str], name: str) -> int:
    """The position of a column, from 0."""
    names = [heading.strip() for heading in headings]
    if name.isdecimal():
        if not 1 <= int(name) <= len(names):
            raise UsageError(f"{path}: there is no column {name}; there are {len(names)}")
        return int(name) - 1
    if name not in names:
        raise UnknownName(f"column of {path}", name, names)
    return names.index(name)
