"""Tables with a label a row as samples, whatever scheme names them: texts, pairs of texts, pictures by their paths."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ptmbench.catalog.places import picture_store
from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledTexts
from ptmbench.errors import UsageError
from ptmbench.files.labels import Labelled
from ptmbench.files.picture_cells import holds_pictures, unpacked
from ptmbench.files.pictures import Look, in_threads, look_at, tones_of
from ptmbench.files.splits import Part
from ptmbench.files.tables import MEND, Named, Table, TableForm, judged, named_by_file, part_files, table_of
from ptmbench.files.text_folders import text_rows
from ptmbench.reading import is_there


def form_of(reference: Reference) -> TableForm:
    """How the reference says that its tables are read."""
    usual = TableForm()
    return TableForm(
        text=reference.get("text", usual.text),
        label=reference.get("label", usual.label),
        delimiter=reference.get("delimiter") or None,
        encoding=reference.get("encoding", usual.encoding),
        label_until=reference.get("label_until") or None,
        pair=reference.get("pair"),
        image=reference.get("image"),
        quote=reference.get("quote", usual.quote),
    )


def table(reference: Reference, *, skip_bad: bool) -> LabelledTexts | LabelledImageFiles:
    """`csv:FILE?text=COLUMN&label=COLUMN`, or a folder with a file for each part; `image=COLUMN` in place of texts."""
    form, files = form_of(reference), _files(reference)
    grids = [named_by_file(path, part, form) for part, path in files]
    home = files[0][1].parent
    return samples_of(grids, reference, home, skip_bad=skip_bad)


def text_folder(reference: Reference, *, skip_bad: bool) -> LabelledTexts:
    """`textfolder:DIR`: a file a text, in a folder a class."""
    rows = text_rows(Path(reference.name).expanduser(), reference.get("encoding", "utf-8-sig"))
    return _texts(judged(rows, str(reference), skip_bad=skip_bad, hint="mend or remove the files, or --skip-bad"))


def _files(reference: Reference) -> list[tuple[Part | None, Path]]:
    """The file of each part, or the one file."""
    place = Path(reference.name).expanduser()
    named: list[tuple[Part | None, Path]] = [
        (part, Path(reference.get(f"{part}_file")).expanduser())
        for part in ("validation", "test")
        if reference.get(f"{part}_file")
    ]
    if place.is_dir():
        if named:
            raise UsageError(f"{reference}: {place} is a folder: name the file of the training part beside these files")
        return [*part_files(place).items()]
    if named and named[-1][0] != "test":
        raise UsageError(f"{reference}: validation_file needs test_file beside it")
    return [("train", place), *named] if named else [(None, place)]


def samples_of(
    grids: Sequence[Named], reference: Reference, home: Path, *, skip_bad: bool, hint: str = MEND
) -> LabelledTexts | LabelledImageFiles:
    """The examples of these grids.

    Paths of pictures are looked for in `images=`, else in the folder `home`; pictures inside of the tables are written
    into the folder of data first.
    """
    form = form_of(reference)
    if not form.image:
        return _texts(table_of(grids, form, str(reference), skip_bad=skip_bad, hint=hint))
    columns = [entry.grid.column(form.image) for entry in grids]
    if any(holds_pictures(entry.grid, column) for entry, column in zip(grids, columns, strict=True)):
        held = [unpacked(entry.grid, column, picture_store()) for entry, column in zip(grids, columns, strict=True)]
        grids = [replace(entry, grid=grid) for entry, grid in zip(grids, held, strict=True)]
    pictures = _Pictures(Path(reference.get("images")).expanduser() if reference.get("images") else home)
    found = table_of(grids, form, str(reference), skip_bad=skip_bad, look=pictures.looked_at, hint=hint)
    files = tuple(pictures.place(path) for path in found.texts)
    return LabelledImageFiles(
        ids=found.ids,
        files=files,
        digests=tuple(pictures.looks[file].digest for file in files),
        labels=torch.tensor(found.labels),
        classes=found.classes,
        parts=found.parts,
        left_out=found.left_out,
        tones=tones_of(pictures.looks[file] for file in files),
    )


def _texts(found: Table) -> LabelledTexts:
    return LabelledTexts(
        ids=found.ids,
        texts=found.texts,
        labels=torch.tensor(found.labels, dtype=torch.int64),
        classes=found.classes,
        parts=found.parts,
        left_out=found.left_out,
        pairs=found.pairs,
    )


class _Pictures:
    """The pictures of a table below one folder, with what each file that was looked at holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.looks: dict[Path, Look] = {}

    def place(self, path: str) -> Path:
        """Where a picture lies; a table that Windows wrote divides folders by backslashes."""
        plain = self.folder / path
        return self.folder / path.replace("\\", "/") if "\\" in path and not is_there(plain) else plain

    def looked_at(self, rows: list[Labelled]) -> list[Labelled]:
        """The rows, a fault in each whose picture leads out of the folder, is not there or is no whole picture."""
        roots = self.folder.resolve(), picture_store().resolve()
        wanted = {self.place(row.texts[0]) for row in rows if not row.fault}
        inside = sorted(file for file in wanted if any(map(file.resolve().is_relative_to, roots)))
        self.looks = dict(zip(inside, in_threads(look_at, inside), strict=True))
        return [self._judged(row) for row in rows]

    def _judged(self, row: Labelled) -> Labelled:
        file = self.place(row.texts[0])
        if row.fault:
            return row
        if file not in self.looks:
            return replace(row, fault=f"{row.texts[0]} leads out of {self.folder}: name a folder above with ?images=")
        fault = self.looks[file].fault
        return replace(row, fault=f"{row.texts[0]}: {fault}") if fault else row
