"""Pascal VOC folders (Everingham et al. 2010): boxes from XML, and the lists of parts.

VOC counts pixels from 1 and its corners are inclusive. Many programs write its files from 0: a box that begins at 0
shows it.
"""

import xml.etree.ElementTree as ET  # no entity of a document type is expanded by this parser's default
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from ptmbench.errors import UsageError, listed
from ptmbench.files.boxes import Annotation, Box, BoxObject, BoxSet, box_set, inside
from ptmbench.files.image_folders import PART_NAMES, SUFFIXES
from ptmbench.files.splits import Part
from ptmbench.reading import content_of, is_there, text_of

VOC = "expected DIR/Annotations/*.xml, DIR/JPEGImages/*.jpg and DIR/ImageSets/Main/train.txt, test.txt"


YES, NO = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})
SIDES = ("width", "height")


def read_voc(folder: Path, *, skip_bad: bool = False, first: int | None = None, published: bool = False) -> BoxSet:
    """Reads a Pascal VOC folder (Everingham et al. 2010); raises `UsageError` with all faults.

    `first` is the number of the first pixel, 0 or 1; None: 0 where any box begins at 0, else VOC's own 1.
    Boxes that stand twice in a `published` folder are no fault.
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
    found = box_set(folder, counted, faults, skip_bad=skip_bad, published=published)
    return replace(found, notes=(*notes, *found.notes))


def voc_parts(place: Path, known: Iterable[str] = ()) -> dict[str, Part]:
    """The part of each name in the lists of a folder (train.txt, val.txt, test.txt); none where there are no lists.

    Where there is no list for train, trainval is it, and where there is none for test, that for validation. A line is a
    name, spaces included, where that is `known`, else its first word; the suffix of a picture is passed over.
    """
    found: dict[str, Part] = {}
    lists: dict[str, str] = {}
    names, twice = set(known), list[str]()
    for stem, part in {"trainval": "train", **PART_NAMES}.items():
        file = place / f"{stem}.txt"
        if file.exists() and not (stem == "trainval" and (place / "train.txt").exists()):
            lines = [line.strip() for line in _list_of(file).splitlines() if line.strip()]
            listed_here = [_named_in(line, names) for line in lines]
            twice += [f"{name} ({lists[name]} and {file.name})" for name in listed_here if name in lists]
            lists |= {} if stem == "trainval" else dict.fromkeys(listed_here, file.name)
            found |= dict.fromkeys(listed_here, part)
    if twice:
        raise UsageError(f"{place}: expected each name in one list, got {len(twice):,} in two: {listed(twice)}")
    if "test" not in found.values():
        found = {name: "test" if part == "validation" else part for name, part in found.items()}
    return found


def _named_in(line: str, known: AbstractSet[str]) -> str:
    """The name that a line of a list means: the whole of it where that is known, with or without a picture's suffix."""
    for name in (line, line.split(maxsplit=1)[0]):
        path = PurePosixPath(name)
        if name not in known and path.suffix.lower() in SUFFIXES and (path.stem in known or not known):
            return path.stem
        if name in known:
            return name
    return line.split(maxsplit=1)[0]


def _list_of(file: Path) -> str:
    try:
        return text_of(file, "utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}; expected a name a line, in UTF-8") from None


def _pictures_in(place: Path) -> list[Path]:
    return [path for path in place.glob("*") if path.suffix.lower() in SUFFIXES]


def _annotation(file: Path, folder: Path, part: Part | None, faults: list[str]) -> Annotation | None:
    try:
        root = _root_of(file)
        width, height = (int(float((root.findtext(f"size/{side}") or "").strip() or 0)) for side in SIDES)
        objects = tuple(
            BoxObject(_text(thing, "name"), box, _is_difficult(thing), box)
            for thing in root.iter("object")
            for box in (_box(thing),)
        )
        image = _picture_of(folder / "JPEGImages", (root.findtext("filename") or "").strip(), file.stem)
    except (ET.ParseError, ValueError, OverflowError, OSError) as error:
        faults.append(f"{file.name}: {error}")
        return None
    return Annotation(file.name, file.stem, image, (width, height), objects, part)


def _root_of(file: Path) -> ET.Element:
    root = ET.fromstring(content_of(file))  # noqa: S314  the user's own file
    if root.tag != "annotation" or not len(root):
        raise ValueError(f"expected an <annotation> of Pascal VOC, got <{root.tag}> with {len(root)} entries")
    return root


def _picture_of(place: Path, called: str, stem: str) -> Path:
    """The picture that an annotation names, whatever its suffix; of a path of another machine the last part counts."""
    windows = PureWindowsPath(called)
    named = inside(place, windows.name if windows.drive or windows.root else called or stem)
    if named.suffix and is_there(named):
        return named
    bare = named.name.removesuffix(named.suffix) if named.suffix.lower() in SUFFIXES else named.name
    found: list[Path] = []
    for endings in (SUFFIXES, [ending.upper() for ending in SUFFIXES]):  # one by one: a disk may know no case
        found = found or [path for ending in endings if is_there(path := named.with_name(bare + ending))]
    return found[0] if len(found) == 1 else named if named.suffix else named.with_suffix(".jpg")


def _is_difficult(thing: ET.Element) -> bool:
    told = (thing.findtext("difficult") or "0").strip()
    if told.casefold() not in YES | NO:
        raise ValueError(f"expected 0 or 1 as <difficult>, got {told!r}")
    return told.casefold() in YES


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
