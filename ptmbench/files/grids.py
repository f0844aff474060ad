"""Tables as they lie in files, cell by cell: comma-, tab- or otherwise separated text, JSON lines, Parquet.

Nothing is guessed: a row that does not have as many cells as there are headings, a quote that never closes or swallows
rows, and a line that is no JSON are faults with their lines. What the cells mean is for `ptmbench.files.tables`.
"""

import codecs
import csv
import importlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ptmbench.errors import Unavailable, UnknownName, UsageError, in_short
from ptmbench.files.json_rows import JSON_SUFFIXES, values_of
from ptmbench.reading import content_of, json_of, opened

DELIMITERS: Final = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "space": " "}
QUOTES: Final = ("double", "none")
CSV_FIELD_LIMIT: Final = 10**7  # characters: Python's own limit of 131,072 is below a long document
PARQUET: Final = ".parquet"
WIDE_BYTES: Final = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins
OTHERS: Final = {  # what is no table of text, and what to do with it
    **dict.fromkeys((".conll", ".conllu", ".bio", ".iob", ".iob2"), "tagged words: conll:FOLDER reads them"),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "a spreadsheet: save it as CSV"),
    **dict.fromkeys((".zip", ".gz", ".bz2", ".xz", ".tar", ".tgz", ".7z", ".rar"), "an archive: unpack it first"),
    **dict.fromkeys((".arrow", ".feather"), "Arrow: save it as Parquet"),
    **dict.fromkeys((".pkl", ".pickle"), "a pickle, which is not read: save it as CSV"),
    **dict.fromkeys((".png", ".jpg", ".jpeg"), "a picture: imagefolder:FOLDER reads pictures"),
}  # fmt: skip

Cells = list[Any]


@dataclass(frozen=True, slots=True)
class TextForm:
    """How separated text is read: what divides its cells, how it is encoded, and whether quotes enclose cells."""

    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    quote: str = "double"


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of one table, each with its number in messages, and the faults found so far.

    `headings` is the first row where the table may have none of its own (`headless`); `names` are those that the table
    gives the integers of a column. `spans` holds the lines of rows that go over several. `broken` are faults after
    which nobody can tell the rows apart: none of them can be left out.
    """

    path: Path
    headings: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...]
    faults: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headless: bool = False
    spans: Mapping[int, Sequence[str]] = field(default_factory=dict)
    delimiter: str = ","

    def column(self, name: str) -> int:
        """The place of a column from 0, by its heading or its number from 1; raises `UsageError` where it has none."""
        names = [heading.strip() for heading in self.headings]
        if names.count(name) > 1:
            raise UsageError(f"{self.path}: {names.count(name)} columns are called {name}: name it by its number")
        if name in names and not (self.headless and name.isdecimal()):
            return names.index(name)
        if name.isdecimal() and len(name) < 9:
            if not 1 <= int(name) <= len(names):
                raise UsageError(f"{self.path}: there is no column {name}; there are {len(names)}")
            return int(name) - 1
        sign = next((word for word, sign in DELIMITERS.items() if len(names) == 1 and sign in names[0]), "")
        if self.headless and sign not in {"", "space"}:
            raise UsageError(
                f"{self.path}: no column {name}, and one column in all, {in_short(names[0])}: is it divided by {sign}? "
                f"?delimiter={sign}"
            )
        raise UnknownName(f"column of {self.path}", name, names)

    def columns(self, name: str) -> list[int]:
        """The places of one column, or of several that `+` joins: "title+body" reaches here as "title body"."""
        if name in [heading.strip() for heading in self.headings]:
            return [self.column(name)]
        return [self.column(part) for part in name.replace("+", " ").split()] or [self.column(name)]


def read_grid(path: Path, form: TextForm) -> Grid:
    """The cells of a file; raises `UsageError` where it is no table at all."""
    suffix = path.suffix.lower()
    if suffix in OTHERS:
        raise UsageError(f"{path} is {OTHERS[suffix]}")
    if suffix == PARQUET:
        return _parquet(path)
    text = _text(path, form)
    if suffix in JSON_SUFFIXES:
        return _json(path, text)
    delimiter = _delimiter(path, form)
    if form.quote not in QUOTES:
        raise UnknownName("quote", form.quote, QUOTES)
    if delimiter == " ":
        rows = [(number, line.split(None, 1)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        return _grid(path, [(number, [*cells]) for number, cells in rows], [], {}, delimiter)
    return _separated(path, text, delimiter, quoted=form.quote == "double" and delimiter != "\t")


def _text(path: Path, form: TextForm) -> str:
    """The whole file in its encoding."""
    try:
        codecs.lookup(form.encoding)
    except (LookupError, ValueError):
        raise UsageError(
            f"no encoding is called {form.encoding!r}: expected utf-8, latin-1, cp1252, utf-16, ..."
        ) from None
    try:
        content = content_of(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    likely = "utf-16" if content.startswith(WIDE_BYTES) else "latin-1"
    try:
        text = content.decode(form.encoding)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"{path}: not {form.encoding}: {error}; name its encoding, for example csv:{path}?encoding={likely}"
        ) from None
    if "\0" in text:
        raise UsageError(
            f"{path}: it holds the character NUL, as UTF-16 does when it is read as {form.encoding}: name its "
            f"encoding, for example csv:{path}?encoding=utf-16-le, or take the character out"
        )
    if not text.strip():
        raise UsageError(f"{path}: the file is empty")
    return text.removeprefix("\ufeff")


def _delimiter(path: Path, form: TextForm) -> str:
    if form.delimiter is None:
        return "," if path.suffix.lower() == ".csv" else "\t"
    if form.delimiter in DELIMITERS.values():
        return form.delimiter
    if form.delimiter not in DELIMITERS:
        raise UnknownName("delimiter", form.delimiter, DELIMITERS)
    return DELIMITERS[form.delimiter]


def _separated(path: Path, text: str, delimiter: str, *, quoted: bool) -> Grid:
    """Rows of separated text; a row is called by the line on which it ends, a fault by that on which it begins."""
    csv.field_size_limit(CSV_FIELD_LIMIT)
    lines = io.StringIO(text, newline="")
    if quoted:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    rows: list[tuple[int, Cells]] = []
    broken, spans = [], {}
    split: list[str] = []
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            broken.append(f"{path}:{begins}: {_quote_fault(error, begins, reader.line_num)}")
            continue
        if row:
            rows.append((reader.line_num, list(row)))
        if reader.line_num > begins:
            split = split or io.StringIO(text, newline="").readlines()
            spans[reader.line_num] = split[begins - 1 : reader.line_num]
    return _grid(path, rows, broken, spans, delimiter)


def _quote_fault(error: csv.Error, begins: int, ends: int) -> str:
    """What is wrong with the quotes of a row, in words."""
    told = str(error)
    over = f" (read on to line {ends})" if ends > begins else ""
    remedy = "; write a quote inside of a quoted cell twice, or read quotes as they stand: ?quote=none"
    if "unexpected end" in told:
        return f"the quote that opens here never closes{over}{remedy}"
    if "expected after" in told:
        return f"a quote that opens here closes before its cell ends{over}{remedy}"
    return f"{told}{over}"


def _grid(
    path: Path, rows: list[tuple[int, Cells]], broken: list[str], spans: Mapping[int, Sequence[str]], delimiter: str
) -> Grid:
    """The grid of separated text, less the rows that do not have as many cells as the first one."""
    if not rows:
        raise UsageError("; ".join(broken) or f"{path}: the file is empty")
    headings = tuple(rows[0][1])
    kept, faults = [], []
    for line, row in rows:
        while len(row) > len(headings) and not row[-1].strip():
            row.pop()  # a delimiter at the end of each line
        if len(row) == len(headings):
            kept.append((line, row))
            continue
        many = f": enclose a cell that holds {delimiter!r} in quotes" if len(row) > len(headings) else ""
        faults.append(f"{path}:{line}: {len(row)} columns, expected {len(headings)}{many}")
    return Grid(
        path, headings, tuple(kept), tuple(faults), tuple(broken), headless=True, spans=spans, delimiter=delimiter
    )


def swallowed(grid: Grid, label: int) -> dict[int, str]:
    """Rows whose quoted cells hold whole rows of the table, by the line that they end on, and why they are faults.

    A stray quote opens a cell that the next stray quote closes: what lies between is lost, and nothing else shows it.
    A line in between that is a row by itself, with a label that the table knows, is no text of a cell.
    """
    faults: dict[int, str] = {}
    if not grid.spans:
        return faults
    known = {row[label] for line, row in grid.rows if line not in grid.spans}
    for ends, lines in grid.spans.items():
        inside = [_alone(line, grid.delimiter) for line in lines[:-1]]
        lost = sum(len(cells) == len(grid.headings) and cells[label] in known for cells in inside)
        if lost:
            begins = ends - len(lines) + 1
            faults[ends] = (
                f"{grid.path}:{begins}: a quote that opens here closes on line {ends} and swallows {lost} rows; write "
                "a quote inside of a quoted cell twice, or read quotes as they stand: ?quote=none"
            )
    return faults


def _alone(line: str, delimiter: str) -> list[str]:
    """The cells of one line, its quotes left out."""
    return next(csv.reader([line.replace('"', "").rstrip("\r\n")], delimiter=delimiter), [])


def _json(path: Path, text: str) -> Grid:
    """JSON lines, or one array of objects; a key that a row lacks is None there."""
    return of_objects(path, *values_of(path, text))


def of_objects(path: Path, found: Sequence[tuple[int, Any]], faults: Sequence[str]) -> Grid:
    """The grid of objects with their numbers."""
    told = [*faults, *(f"{path}:{number}: expected an object {{...}}, got {type(row).__name__}" for number, row in found
                       if not isinstance(row, dict))]  # fmt: skip
    rows = [(number, row) for number, row in found if isinstance(row, dict)]
    headings = tuple(dict.fromkeys(key for _, row in rows for key in row))
    if not headings:
        raise UsageError("\n  ".join([f"{path}: it holds no object with keys", *told[:3]]))
    return Grid(
        path, headings, tuple((number, [row.get(key) for key in headings]) for number, row in rows), tuple(told)
    )


def _parquet(path: Path) -> Grid:
    """A Parquet file, with the names that `datasets` writes beside the integers of a column."""
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise Unavailable("Parquet needs pyarrow: pip install 'ptmbench[datasets]'") from None
    try:
        with opened(path) as stream:
            table = parquet.read_table(stream)
        columns = [column.to_pylist() for column in table.columns]  # where a text is no UTF-8, it is told here
    except Exception as error:  # noqa: BLE001  pyarrow raises many kinds
        raise UsageError(f"{path}: no Parquet file that can be read: {str(error).splitlines()[0]}") from None
    rows = tuple((number, list(row)) for number, row in enumerate(zip(*columns, strict=True), 1))
    return Grid(path, tuple(table.column_names), rows, names=_declared(table.schema.metadata or {}))


def _declared(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The names of classes by column, as `datasets` keeps them in a file."""
    try:
        features = json_of(metadata[b"huggingface"])["info"]["features"]
        return {name: tuple(names) for name, entry in features.items() if (names := _names_in(entry))}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _names_in(entry: Any) -> Sequence[str]:
    """The names of one feature, or of what its lists hold."""
    inner = entry.get("feature") if isinstance(entry, dict) else None
    return (entry.get("names") or _names_in(inner)) if isinstance(entry, dict) else ()
