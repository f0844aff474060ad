"""The tables of a folder in the hub's format as grids: each split by itself, found by `datasets` (an extra).

Splits are not read together: the library gives all of them the columns of the first one, so that test labels 0, 1, 2
become booleans where training has true and false. Separated text and JSON go through the reader of all schemes: pandas
takes the words "NA" and "None" for nothing, and pyarrow takes texts that look like dates for dates.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ptmbench.catalog.places import picture_store
from ptmbench.catalog.references import Reference
from ptmbench.engine.foreign_code import imported
from ptmbench.engine.foreign_loads import table, table_builder
from ptmbench.errors import PtmbenchError, Unavailable, UsageError, listed
from ptmbench.files.grids import Grid, TextForm, read_grid
from ptmbench.files.json_rows import JSON_SUFFIXES
from ptmbench.files.picture_cells import written

FILES: Final = ("*.parquet", "*.csv", "*.tsv", "*.jsonl", "*.json")
OWN: Final = {"csv": (".csv", ".tsv", ".txt"), "json": JSON_SUFFIXES}  # what the reader of all schemes reads
COLUMNS: Final = ("text", "pair", "image", "label", "tokens", "tags")


def hub_grids(reference: Reference, folder: Path) -> dict[str, Grid]:
    """The tables by the names of their splits; raises `UsageError` where they cannot be read."""
    library: Any = imported("datasets", "datasets")
    place = (folder / reference.get("folder")).resolve() if reference.get("folder") else folder
    if not any(file for pattern in FILES for file in place.rglob(pattern)):
        raise Unavailable(f"{place} holds no tables: expected {', '.join(FILES)}; fetch it again")
    try:
        with _quiet(library):
            builder = table_builder(place)
            declared = library.info.DatasetInfosDict.from_directory(str(place)).get(builder.config.name)
            features = builder.config.features or (declared.features if declared else None)
            files: Mapping[Any, Sequence[str]] = builder.config.data_files
            _refuse_several_sets(reference, place, files)
            return {str(split): _read(builder, split, files[split], (features, reference)) for split in files}
    except PtmbenchError:
        raise
    except Exception as error:  # noqa: BLE001  the library raises many kinds, some of them of pyarrow
        raise UsageError(
            f"{reference} cannot be read: {str(error).splitlines()[0]}; several sets in one repository are told apart "
            "by ?folder=NAME"
        ) from None


def _refuse_several_sets(reference: Reference, place: Path, files: Mapping[Any, Sequence[str]]) -> None:
    """Raises `UsageError` where each split has files in the same folders: the library would read them as one set."""
    found = [_folders(place, str(split), files[split]) for split in files]
    folders = sorted(set.intersection(*map(set, found)))
    names = [Path(file).name for split in files for file in files[split]]
    if len(folders) > 1 and (len(found) > 1 or len(set(names)) < len(names)):
        raise UsageError(
            f"{reference} holds {len(folders)} sets: {listed(folders)}, each with {' and '.join(map(str, files))}; "
            "their rows would be read as one set: name one with ?folder=NAME"
        )


def _folders(place: Path, split: str, files: Sequence[str]) -> set[str]:
    """The folders below `place` that hold a split's files, parts of the path that name the split left out."""
    below = (Path(file).resolve().parent.relative_to(place.resolve()).parts for file in files)
    of_split = re.compile(rf"{re.escape(split)}(ing)?([-_.].*)?", re.IGNORECASE)
    return {"/".join(part for part in parts if not of_split.fullmatch(part)) for parts in below}


@contextlib.contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Without progress bars, and without any table being looked up on the network."""
    library.disable_progress_bars()
    try:
        yield
    finally:
        library.enable_progress_bars()


def _read(builder: Any, split: Any, files: Sequence[str], how: tuple[Any, Reference]) -> Grid:
    """One split, by the features that the set declares."""
    features, reference = how
    config, own = builder.config, OWN.get(builder.name, ())
    unlike_rows = features or getattr(config, "field", None)
    if not unlike_rows and all(Path(file).suffix.lower() in own for file in files):
        form = TextForm(
            reference.get("delimiter") or getattr(config, "delimiter", None) or getattr(config, "sep", None),
            reference.get("encoding") or "utf-8-sig",
            reference.get("quote", "double"),
        )
        return joined([read_grid(Path(file), form) for file in files])
    return grid_of(table(builder.name, str(split), files, features), Path(str(split)), _wanted(reference))


def _wanted(reference: Reference) -> frozenset[str]:
    """The columns that are read, and the parts of their names, which may be columns that are joined."""
    given = [reference.get(option) for option in COLUMNS]
    return frozenset(word for name in given for word in (name, *name.replace("+", " ").split()) if word)


def grid_of(table: Any, path: Path, wanted: frozenset[str]) -> Grid:
    """A table of the library as a grid; columns that nobody reads are left empty, and pictures become files."""
    columns = [_cells(table, name) if name in wanted else [None] * len(table) for name in table.column_names]
    rows = tuple((number, list(row)) for number, row in enumerate(zip(*columns, strict=True), 1))
    names = {name: found for name in table.column_names if (found := _names(table, name))}
    return Grid(path, tuple(table.column_names), rows, names=names)


def _cells(table: Any, name: str) -> Sequence[Any]:
    """The cells of a column; of pictures the paths of their files, one after the other: they need not fit in memory."""
    feature = table.features[name]
    if type(feature).__name__ != "Image":
        cells: Sequence[Any] = table[name]
        return cells
    stored = table.select_columns(name).cast_column(name, type(feature)(decode=False))
    return [written(row[name], picture_store()) for row in stored]


def _names(table: Any, column: str) -> tuple[str, ...]:
    """The names that a table gives the integers of a column; none where integers are labels themselves."""
    feature = table.features[column]
    return tuple(getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None) or ())


def joined(grids: Sequence[Grid]) -> Grid:
    """The rows of several files of one split, one after the other, numbered from 1."""
    first = grids[0]
    odd = [grid.path.name for grid in grids if grid.headings != first.headings]
    if odd:
        raise UsageError(f"{first.path.name} and {odd[0]} belong to one part and have different columns")
    rows = [cells for grid in grids for _, cells in grid.rows[grid.headless :]]
    return replace(
        first,
        rows=tuple(enumerate(rows, 1)),
        faults=tuple(fault for grid in grids for fault in grid.faults),
        broken=tuple(fault for grid in grids for fault in grid.broken),
        headless=False,
        spans={},
    )
