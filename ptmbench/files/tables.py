"""A user's own tables of labelled examples: texts, pairs of texts, or paths of pictures, with a label each.

The file is separated text, JSON lines or Parquet (`ptmbench.files.grids`). A column is named by its heading, or by its
number from 1; `title+body` joins columns. Everything that is wrong with a file is said at once, with its lines.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from ptmbench.errors import SHOWN, UsageError, in_short, listed
from ptmbench.files.grids import Cells, Grid, TextForm, read_grid, swallowed
from ptmbench.files.image_folders import PART_NAMES, SUFFIXES
from ptmbench.files.labels import Labelled, classes_of, kept_rows, label_of, named_alike, without_missing
from ptmbench.files.picture_cells import holds_pictures
from ptmbench.files.splits import Part
from ptmbench.files.tagged_text import HEADINGS

MEND = "mend the lines, or --skip-bad"
Look = Callable[[list[Labelled]], list[Labelled]]
SPLIT_COLUMNS = ("split", "subset", "partition", "set", "fold")  # headings of a column that may name parts
TEXTS = str | bytes | int | float | None
_NAME = re.compile(r"[A-Za-z_][\w -]{0,29}")
BETWEEN = "\n"  # columns that are joined: a title, then its body


@dataclass(frozen=True, slots=True)
class TableForm:
    """How a table is read: which columns, what divides them, in which encoding.

    `text` may join columns by `+`; `pair` is the second text of a pair, `image` the path of a picture in place of
    texts. `label_until` cuts a label at the first such sign ("DESC:manner" at ":").
    """

    text: str = "text"
    label: str = "label"
    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    label_until: str | None = None
    pair: str = ""
    image: str = ""
    quote: str = "double"


@dataclass(frozen=True, slots=True)
class Table:
    """Labelled examples of one or several files, with the part of each where the files say so.

    `pairs` are second texts, where pairs are judged; of pictures `texts` are the paths. `labels` are indices of
    `classes`.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    pairs: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A grid with its part, and how its rows are called: in ids and in messages, by their numbers.

    `strips`: whether space around a text is taken off.
    """

    grid: Grid
    part: Part | None
    id: Callable[[int], str]
    where: Callable[[int], str]
    strips: bool = True


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
        way = "hf:FOLDER joins the files of a part" if twice else "a file by itself is divided by hashes: name it"
        raise UsageError(f"{folder}: expected one file each for train and test by name, got {what}; {way}")
    single = {part: paths[0] for part, paths in found.items()}
    if "test" not in single:
        single["test"] = single.pop("validation")
    return single


def read_tables(files: dict[Part, Path] | Path, form: TableForm, *, skip_bad: bool = False) -> Table:
    """The labelled examples of one file, or of a file for each part; raises `UsageError` with all faults."""
    given: list[tuple[Part | None, Path]] = [(None, files)] if isinstance(files, Path) else [*files.items()]
    grids = [named_by_file(path, part, form) for part, path in given]
    return table_of(grids, form, str(given[0][1]), skip_bad=skip_bad)


def named_by_file(path: Path, part: Part | None, form: TableForm) -> Named:
    """The grid of a file, its rows called by its name and their lines."""
    grid = read_grid(path, TextForm(form.delimiter, form.encoding, form.quote))
    return Named(grid, part, lambda line: f"{path.name}:{line}", lambda line: f"{path}:{line}")


def table_of(
    grids: Sequence[Named], form: TableForm, where: str, *, skip_bad: bool, look: Look = list, hint: str = MEND
) -> Table:
    """The labelled examples of these grids: the one reader of every scheme that has a label a row.

    Args:
        grids: One grid, or one a part.
        form: Which columns are read.
        where: What messages call the data.
        skip_bad: Whether faulty rows are left out.
        look: Looks at examples whose rows are in order, and gives them back, those with a fault of their own told.
        hint: What to do about faulty rows.

    Returns:
        The examples without a fault.

    Raises:
        UsageError: With all faults, or for labels that make no classification.
    """
    faults = [fault for entry in grids for fault in entry.grid.faults]
    broken = [fault for entry in grids for fault in entry.grid.broken]
    rows: list[Labelled] = []
    for entry in grids:
        found, lost = _rows(entry, form)
        rows += found
        broken += lost
    declared = tuple(dict.fromkeys(name for entry in grids for name in _declared(entry.grid, form)))
    rows = look(without_missing(named_alike(rows), declared))
    if broken:
        hint = "mend these lines: what stands there cannot be told apart, and left out neither"
        faults, skip_bad = [*broken, *faults], False
    table = judged(rows, where, faults, skip_bad=skip_bad, declared=declared, hint=hint)
    _refuse_paths(table, form, where)
    return table


def judged(
    rows: Sequence[Labelled],
    where: str,
    faults: Sequence[str] = (),
    *,
    skip_bad: bool,
    declared: Sequence[str] = (),
    hint: str = MEND,
) -> Table:
    """The examples without a fault; raises `UsageError` with all faults, or for labels that make no classification."""
    faults = [*faults, *(f"{row.where}: {row.fault}" for row in rows if row.fault)]
    if faults and not skip_bad:
        raise UsageError("\n  ".join([f"{where}: {_counted(faults)}:", *_shown(faults), f"next: {hint}"]))
    kept = kept_rows(rows, where)
    classes = classes_of(kept, where, declared)
    place = {name: index for index, name in enumerate(classes)}
    return Table(
        ids=tuple(row.id for row in kept),
        texts=tuple(row.texts[0] for row in kept),
        pairs=tuple(second for row in kept for second in row.texts[1:]),
        labels=tuple(place[row.label] for row in kept),
        classes=classes,
        parts=tuple(row.part for row in kept if row.part) or None,
        left_out=tuple(faults),
    )


def _counted(faults: Sequence[str]) -> str:
    return f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"


def _shown(faults: Sequence[str]) -> list[str]:
    return [*faults[:SHOWN], *([f"... and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else [])]


def _declared(grid: Grid, form: TableForm) -> Sequence[str]:
    return () if form.label_until else grid.names.get(grid.headings[grid.column(form.label)], ())


def _rows(entry: Named, form: TableForm) -> tuple[list[Labelled], list[str]]:
    """The examples of one grid, and what its quotes swallowed, or that its first row is none."""
    grid = entry.grid
    reads = [form.image] if form.image else [form.text, *([form.pair] if form.pair else [])]
    columns, label = [grid.columns(name) for name in reads], grid.column(form.label)
    if any(label in group for group in columns):
        what = "picture" if form.image else "text"
        raise UsageError(
            f"{grid.path}: the column {form.label!r} is read as {what} and as label: any model would find the answer "
            f"in its input; name two columns (?{'image' if form.image else 'text'}=COLUMN&label=COLUMN)"
        )
    if any(holds_pictures(grid, place) for group in columns for place in group):
        raise UsageError(
            f"{grid.path}: the column {reads[0]!r} holds pictures: ?image={reads[0]}&label={form.label} reads them"
        )
    names = _declared(grid, form)
    headless = grid.headless and form.label.isdecimal() and all(name.isdecimal() for name in reads)
    lost = swallowed(grid, label)
    rows = []
    body = grid.rows[0 if headless or not grid.headless else 1 :]
    if headless and body and _is_heading(body, label, [place for group in columns for place in group]):
        told = f"the label {body[0][1][label]!r} stands here only: a heading? name the columns by their headings"
        return [], [f"{entry.where(body[0][0])}: {told}"]
    parts = {line: entry.part for line, _ in body} if entry.part else _parts_told(grid, body)
    for line, cells in body:
        if line not in lost:
            found = _example(entry, line, cells, columns, (cells[label], names, form.label_until))
            rows.append(replace(found, part=parts.get(line)))
    return rows, list(lost.values())


def _is_heading(body: Sequence[tuple[int, Cells]], label: int, read: Sequence[int]) -> bool:
    """Whether the first row seems to be headings: its label is one, or the only one that stands once, and a name."""
    first = str(body[0][1][label]).strip().lower()
    counts = Counter(str(cells[label]).strip().lower() for _, cells in body)
    if counts.pop(first) > 1:
        return False
    names = all(_NAME.fullmatch(str(body[0][1][place]).strip()) for place in (*read, label))
    return first in HEADINGS or bool(names and counts and min(counts.values()) > 1)


def _parts_told(grid: Grid, body: Sequence[tuple[int, Cells]]) -> dict[int, Part]:
    """The part of each row by a column that says it (`split`), where every row names one; else nothing."""
    headings = [heading.strip().lower() for heading in grid.headings]
    place = next((headings.index(name) for name in SPLIT_COLUMNS if headings.count(name) == 1), None)
    if place is None or (grid.headless and body and body[0] == grid.rows[0]):
        return {}
    found = {line: PART_NAMES.get(str(cells[place]).strip().lower()) for line, cells in body}
    told = {line: part for line, part in found.items() if part}
    if len(told) < len(found) or "train" not in told.values() or len({*told.values()}) < 2:
        return {}
    if "test" not in told.values():
        return {line: "test" if part == "validation" else part for line, part in told.items()}
    return told


def _example(
    entry: Named,
    line: int,
    cells: Cells,
    columns: Sequence[Sequence[int]],
    labelled: tuple[Any, Sequence[str], str | None],
) -> Labelled:
    """One row: the texts of its columns and its label, or what is wrong with it."""
    value, names, until = labelled
    label, fault = label_of(value, names)
    label = label.partition(until)[0].strip() if until else label
    if until and not label and not fault:
        fault = f"no label before {until!r}"
    texts = tuple(_joined([cells[column] for column in places], strips=entry.strips) for places in columns)
    odd = [cells[place] for group in columns for place in group if not isinstance(cells[place], TEXTS)]
    if odd:
        fault = f"the text is {in_short(odd[0])}, expected a string"
    elif not all(text.strip() for text in texts):
        fault = "the text is empty"
    return Labelled(entry.part, entry.id(line), entry.where(line), texts, label, fault)


def _joined(cells: Sequence[Any], *, strips: bool) -> str:
    """The texts of several cells, one below the other; a number is the text that it is written as."""
    texts = [text for cell in cells if (text := _text_of(cell)).strip()]
    return BETWEEN.join(text.strip() if strips else text for text in texts)


def _text_of(cell: Any) -> str:
    """What a cell says; nothing where it is missing."""
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    return "" if cell is None or cell != cell else str(cell)  # noqa: PLR0124  NaN


def _refuse_paths(found: Table, form: TableForm, where: str) -> None:
    """Raises `UsageError` where texts are the paths of pictures: their names may give the labels away."""
    if not form.image and all(PurePath(text).suffix.lower() in SUFFIXES for text in found.texts):
        raise UsageError(
            f"{where}: the column {form.text} holds the paths of pictures, such as {found.texts[0]}: to read the "
            f"pictures say ?image={form.text}&label={form.label}"
        )
