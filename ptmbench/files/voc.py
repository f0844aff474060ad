"""Pascal VOC folders (Everingham et al. 2010): boxes from XML, and the lists of parts.

VOC counts pixels from 1 and its corners are inclusive. Many programs write its files from 0: a box that begins at 0
shows it.
"""

import xml.etree.ElementTree as ET  # no entity of a document type is expanded by this parser's default
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ptmbench.errors import UsageError, listed
from ptmbench.files.boxes import Annotation, Box, BoxObject, BoxSet, box_set, inside
from ptmbench.files.image_folders import PART_NAMES, SUFFIXES
from ptmbench.files.splits import Part
from ptmbench.reading import content_of, text_of

VOC = "expected DIR/Annotations/*.xml, DIR/JPEGImages/*.jpg and DIR/ImageSets/Main/train.txt, test.txt"


def read_voc(folder: Path, *, skip_bad: bool = False, first: int | None = None) -> BoxSet:
    """Reads a Pascal VOC folder (Everingham et al. 2010); raises `UsageError` with all faults.

    `first` is the number of the first pixel, 0 or 1; None: 0 where any box begins at 0, else VOC's own 1.
    """
    annotations = sorted((folder / "Annotations").glob("*.xml"))
    if not annotations:
        raise UsageError(f"{folder}: no annotations; {VOC}")
    known = {file.stem for file in annotations}
    parts = voc_parts(folder / "ImageSets" / "Main", known)
    faults: list[str] = []
    chosen = [file for file in annotations if not parts or file.stem in parts]
    read = [_annotation(file, folder, parts.get(file.stem), faults) for file in chosen]
    faults += [f"{name}.xml is named in ImageSets and not there" for name in sorted(set(parts) - known)]
    if not parts:
        pictures = {path.stem: path.name for path in _pictures_in(folder / "JPEGImages")}
        faults += [f"{pictures[stem]} has no annotation" for stem in sorted(set(pictures) - known)]
    counted, notes = _counted_from([annotation for annotation in read if annotation], first)
    return replace(box_set(folder, counted, faults, skip_bad=skip_bad), notes=notes)


def voc_parts(place: Path, known: Iterable[str] = ()) -> dict[str, Part]:
    """The part of each name in the lists of a folder (train.txt, val.txt, test.txt); none where there are no lists.

    Where there is no list for train, trainval is it, and where there is none for test, that for validation. A line is a
    name, spaces included, where that is `known`, else its first word.
    """
    found: dict[str, Part] = {}
    lists: dict[str, str] = {}
    names, twice = set(known), list[str]()
    for stem, part in {"trainval": "train", **PART_NAMES}.items():
        file = place / f"{stem}.txt"
        if file.exists() and not (stem == "trainval" and (place / "train.txt").exists()):
            lines = [line.strip() for line in _list_of(file).splitlines() if line.strip()]
            listed_here = [line if line in names else line.split()[0] for line in lines]
            twice += [f"{name} ({lists[name]} and {file.name})" for name in listed_here if name in lists]
            lists |= {} if stem == "trainval" else dict.fromkeys(listed_here, file.name)
            found |= dict.fromkeys(listed_here, part)
    if twice:
        raise UsageError(f"{place}: expected each name in one list, got {len(twice):,} in two: {listed(twice)}")
    if "test" not in found.values():
        found = {name: "test" if part == "validation" else part for name, part in found.items()}
    return found


def _list_of(file: Path) -> str:
    try:
        return text_of(file, "utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}; expected a name a line, in UTF-8") from None


def _pictures_in(place: Path) -> list[Path]:
    return [path for path in place.glob("*") if path.suffix.lower() in SUFFIXES]


def _annotation(file: Path, folder: Path, part: Part | None, faults: list[str]) -> Annotation | None:
    try:
        root = ET.fromstring(content_of(file))  # noqa: S314  the user's own file
        width, height = (int(float(_text(root, f"size/{side}"))) for side in ("width", "height"))
        objects = tuple(
            BoxObject(_text(thing, "name"), box, thing.findtext("difficult") == "1", box)
            for thing in root.iter("object")
            for box in (_box(thing),)
        )
        image = inside(folder / "JPEGImages", root.findtext("filename") or f"{file.stem}.jpg")
    except (ET.ParseError, ValueError, OverflowError, OSError) as error:
        faults.append(f"{file.name}: {error}")
        return None
    image = image if image.suffix else image.with_suffix(".jpg")
    return Annotation(file.name, file.stem, image, (width, height), objects, part)


def _text(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    if not found or not found.strip():
        raise ValueError(f"no <{path}>")
    return found.strip()


def _box(thing: ET.Element) -> Box:
    left, top, right, bottom = (float(_text(thing, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))
    return left, top, right, bottom


def _counted_from(annotations: list[Annotation], first: int | None) -> tuple[list[Annotation], tuple[str, ...]]:
    """VOC's corners as from 0 with right and bottom exclusive, and what was read into the files.

    Those counted from 0 are inclusive too, unless one reaches the picture's width or height.
    """
    boxes = [(thing.written, annotation.size) for annotation in annotations for thing in annotation.objects]
    begins = any(0 <= min(box[:2]) < 1 for box, _ in boxes)
    notes: tuple[str, ...] = ()
    if first == 1 or (first is None and not begins):
        lower, upper = 1, 0
    else:
        reaches = any(box[2] == size[0] or box[3] == size[1] for box, size in boxes if all(size))
        lower, upper = 0, 0 if reaches else 1
        ends = "exclusive" if reaches else "inclusive"
        notes = (f"a box begins at 0: pixels are counted from 0, right and bottom {ends} (?first=1 for from 1)",)
    return [
        replace(one, objects=tuple(replace(thing, box=_shifted(thing.box, lower, upper)) for thing in one.objects))
        for one in annotations
    ], notes if first is None else ()


def _shifted(box: Box, lower: int, upper: int) -> Box:
    """A box from `lower`; a point or a line stays one, though counting inclusively would make it a pixel wide."""
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return box
    return left - lower, top - lower, right + upper, bottom + upper
