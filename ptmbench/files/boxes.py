"""A user's own boxes: Pascal VOC folders and COCO annotation files.

VOC counts pixels from 1 and its corners are inclusive; COCO gives [x, y, width, height] from 0. Both become
[left, top, right, bottom] from 0 with right and bottom exclusive, in pixels. Many programs write VOC's files from 0: a
box that begins at 0 shows it. Pictures are decoded whole, and their own size counts, not the one that an annotation
tells. Everything that is wrong is said at once, in the numbers of the file.
"""

import json
import math
import os
import xml.etree.ElementTree as ET  # no entity of a document type is expanded by this parser's default
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ptmbench.errors import UsageError, listed
from ptmbench.files.image_folders import PART_NAMES, SKIP, SUFFIXES
from ptmbench.files.pictures import PLAIN, Look, Size, Tones, in_threads, look_at, tones_of
from ptmbench.files.splits import Part

Box = tuple[float, float, float, float]
ROUNDING = 0.5  # pixels that a box may lie over the edge, where it is cut: programs round
VOC = "expected DIR/Annotations/*.xml, DIR/JPEGImages/*.jpg and DIR/ImageSets/Main/train.txt, test.txt"


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture with its size (width, height) and sha256, its boxes, and the part it belongs to.

    Each box has a class name; those ignored (difficult in VOC, crowds in COCO) are not learned from, and neither sought
    nor held against a model.
    """

    id: str
    file: Path
    size: Size
    digest: bytes
    boxes: tuple[Box, ...]
    names: tuple[str, ...]
    ignored: tuple[bool, ...]
    part: Part | None


@dataclass(frozen=True, slots=True)
class BoxSet:
    """Annotated pictures, the class names in order, what was left out on request, and what was read into the files."""

    pictures: tuple[Annotated, ...]
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()
    tones: Tones = PLAIN


@dataclass(frozen=True, slots=True)
class _Object:
    """One box of an annotation: its class, its corners from 0, and its numbers as they stand in the file."""

    label: str
    box: Box
    ignored: bool
    written: Box


@dataclass(frozen=True, slots=True)
class _Annotation:
    """What an annotation says, not held against its picture yet; `name` stands in messages.

    A `broken` one lacks an object that cannot be read.
    """

    name: str
    key: str
    file: Path
    size: Size
    objects: tuple[_Object, ...]
    part: Part | None = None
    broken: bool = False


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
    read = [_voc_annotation(file, folder, parts.get(file.stem), faults) for file in chosen]
    faults += [f"{name}.xml is named in ImageSets and not there" for name in sorted(set(parts) - known)]
    if not parts:
        pictures = {path.stem: path.name for path in _pictures_in(folder / "JPEGImages")}
        faults += [f"{pictures[stem]} has no annotation" for stem in sorted(set(pictures) - known)]
    counted, notes = _counted_from([annotation for annotation in read if annotation], first)
    return replace(_box_set(folder, counted, faults, skip_bad=skip_bad), notes=notes)


def read_coco(file: Path, images: Path, *, skip_bad: bool = False, part: Part | None = None) -> BoxSet:
    """Reads a COCO annotation file (Lin et al. 2014), all of it for one part; raises `UsageError` with all faults."""
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        names = {str(entry["id"]): str(entry["name"]) for entry in content["categories"]}
        known = {str(entry["id"]): entry for entry in content["images"]}
        rows: dict[str, list[Any]] = {key: [] for key in known}
        for entry in content["annotations"]:
            rows.setdefault(str(entry["image_id"]), []).append(entry)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{file} is no COCO annotation file: {type(error).__name__}: {error}") from None
    faults = [fault for kind in ("images", "annotations", "categories") for fault in _repeated(kind, content[kind])]
    faults += [
        f"{count} categories are called {name!r}: expected a name for each"
        for name, count in Counter(str(entry["name"]) for entry in content["categories"]).items()
        if count > 1
    ]
    faults += [f"image_id {key} has annotations and no entry in images" for key in rows if key not in known]
    read = [_coco_annotation(known[key], (rows[key], names, images), faults) for key in known]
    read = [annotation and replace(annotation, part=part) for annotation in read]
    return _box_set(file, [annotation for annotation in read if annotation], faults, skip_bad=skip_bad)


def joined(*sets: BoxSet) -> BoxSet:
    """Several sets as one."""
    return BoxSet(
        pictures=tuple(picture for found in sets for picture in found.pictures),
        classes=tuple(sorted({name for found in sets for name in found.classes})),
        left_out=tuple(fault for found in sets for fault in found.left_out),
        notes=tuple(note for found in sets for note in found.notes),
        tones=_all_tones([found.tones for found in sets]),
    )


def box_fault(box: Sequence[float], width: float, height: float) -> str:
    """What is wrong with a box [left, top, right, bottom] in a picture of that size; empty if nothing is."""
    left, top, right, bottom = box
    if not all(map(math.isfinite, box)):
        return "is not finite"
    if right <= left or bottom <= top:
        return "has no area"
    if left < 0 or top < 0 or right > width or bottom > height:
        excess = max(-left, -top, right - width, bottom - height)
        return f"lies outside the picture of {width:g}x{height:g}, by {excess:.3g} px"
    return ""


def cut_at_edges(box: Box, size: Size) -> Box:
    """A box that lies over the edge by no more than rounding, cut there; any other as it is."""
    left, top, right, bottom = box
    cut = max(left, 0.0), max(top, 0.0), min(right, float(size[0])), min(bottom, float(size[1]))
    near = all(abs(now - before) <= ROUNDING for now, before in zip(cut, box, strict=True))
    return cut if near and cut[0] < cut[2] and cut[1] < cut[3] else box


def voc_parts(place: Path, known: Iterable[str] = ()) -> dict[str, Part]:
    """The part of each name in the lists of a folder (train.txt, val.txt, test.txt); none where there are no lists.

    Where there is no list for train, trainval is it, and where there is none for test, that for validation. A line is a
    name, spaces included, where that is `known`, else its first word.
    """
    found: dict[str, Part] = {}
    names = set(known)
    for stem, part in {"trainval": "train", **PART_NAMES}.items():
        file = place / f"{stem}.txt"
        if file.exists() and not (stem == "trainval" and (place / "train.txt").exists()):
            lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
            found |= dict.fromkeys((line if line in names else line.split()[0] for line in lines), part)
    if "test" not in found.values():
        found = {name: "test" if part == "validation" else part for name, part in found.items()}
    return found


def _pictures_in(place: Path) -> list[Path]:
    return [path for path in place.glob("*") if path.suffix.lower() in SUFFIXES]


def _repeated(kind: str, entries: Sequence[Any]) -> list[str]:
    """Ids that stand more than once; annotations may have none."""
    counts = Counter(str(entry["id"]) for entry in entries if "id" in entry)
    return [f"id {key} stands {count} times in {kind}" for key, count in counts.items() if count > 1]


def _voc_annotation(file: Path, folder: Path, part: Part | None, faults: list[str]) -> _Annotation | None:
    try:
        root = ET.parse(file).getroot()  # noqa: S314  the user's own file
        width, height = (int(float(_text(root, f"size/{side}"))) for side in ("width", "height"))
        objects = tuple(
            _Object(_text(thing, "name"), box, thing.findtext("difficult") == "1", box)
            for thing in root.iter("object")
            for box in (_voc_box(thing),)
        )
        image = _inside(folder / "JPEGImages", root.findtext("filename") or f"{file.stem}.jpg")
    except (ET.ParseError, ValueError, OverflowError, OSError) as error:
        faults.append(f"{file.name}: {error}")
        return None
    image = image if image.suffix else image.with_suffix(".jpg")
    return _Annotation(file.name, file.stem, image, (width, height), objects, part)


def _inside(folder: Path, name: str) -> Path:
    """The file of that name below a folder; raises `ValueError` where the name leads out of it."""
    name = name.replace("\\", "/")
    path = Path(os.path.normpath(name))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ValueError(f"file name {name!r} leads out of {folder}: expected a path below it")
    return folder / path


def _text(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    if not found or not found.strip():
        raise ValueError(f"no <{path}>")
    return found.strip()


def _voc_box(thing: ET.Element) -> Box:
    left, top, right, bottom = (float(_text(thing, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))
    return left, top, right, bottom


def _counted_from(annotations: list[_Annotation], first: int | None) -> tuple[list[_Annotation], tuple[str, ...]]:
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


def _coco_annotation(
    entry: dict[str, Any], around: tuple[list[Any], dict[str, str], Path], faults: list[str]
) -> _Annotation | None:
    """The picture's boxes from its rows, the names of the classes and the pictures' folder.

    What names no known class is a fault, and so is an entry that lacks what it must have.
    """
    rows, names, images = around
    try:
        called = str(entry["file_name"])
        size = int(entry["width"]), int(entry["height"])
        file = _inside(images, called)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        name = entry.get("file_name", entry.get("id")) if isinstance(entry, dict) else entry
        faults.append(f"image {name}: {_lacks(error)}")
        return None
    objects, faulty = [], []
    for row in rows:
        try:
            objects.append(_coco_object(row, names))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            faulty.append(
                f"{called}: annotation {row.get('id', '') if isinstance(row, dict) else row}: {_lacks(error)}"
            )
    faults += faulty
    return _Annotation(file.name, str(entry["id"]), file, size, tuple(objects), broken=bool(faulty))


def _coco_object(row: dict[str, Any], names: dict[str, str]) -> _Object:
    left, top, width, height = map(float, row["bbox"])
    if str(row["category_id"]) not in names:
        raise ValueError(f"category_id {row['category_id']} is none of categories")
    box = left, top, left + width, top + height
    return _Object(names[str(row["category_id"])], box, bool(row.get("iscrowd")), (left, top, width, height))


def _lacks(error: Exception) -> str:
    """What is wrong with an entry, in words."""
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _held_against(annotation: _Annotation, look: Look, faults: list[str]) -> Annotated | None:
    """The picture with its boxes; None, and the faults told, where it or any of its boxes is not sound.

    A picture without one of its objects would teach that the object is none.
    """
    if look.fault:
        faults.append(f"{annotation.name}: the picture {annotation.file.name}: {look.fault}")
        return None
    if annotation.size != look.size and any(annotation.size):  # some programs write 0 for what they do not know
        told, found = ("{}x{}".format(*pair) for pair in (annotation.size, look.size))
        faults.append(f"{annotation.name}: says {told}, and the picture {annotation.file.name} is {found}")
        return None
    boxes, faulty = [], []
    for thing in annotation.objects:
        boxes.append(cut_at_edges(thing.box, look.size))
        if fault := box_fault(boxes[-1], *look.size):
            written = [round(edge, 2) for edge in thing.written]
            faulty.append(f"{annotation.name}: a box of {thing.label} {written} {fault}")
    faults += faulty
    if faulty or annotation.broken:
        return None
    return Annotated(
        id=annotation.key,
        file=annotation.file,
        size=look.size,
        digest=look.digest,
        boxes=tuple(boxes),
        names=tuple(thing.label for thing in annotation.objects),
        ignored=tuple(thing.ignored for thing in annotation.objects),
        part=annotation.part,
    )


def _look(annotation: _Annotation) -> Look:
    return look_at(annotation.file) if annotation.file.exists() else Look("not there")


def _box_set(source: Path, annotations: list[_Annotation], faults: list[str], *, skip_bad: bool) -> BoxSet:
    looks = in_threads(_look, annotations)
    held = [_held_against(*row, faults) for row in zip(annotations, looks, strict=True)]
    pictures = tuple(picture for picture in held if picture)
    if faults and not skip_bad:
        raise UsageError(f"{source}: {len(faults)} faults: {listed(faults)}; {SKIP}")
    classes = tuple(sorted({name for picture in pictures for name in picture.names}))
    shown = {(thing.label, _teaches(one.part)) for one in annotations for thing in one.objects}
    if lost := shown - {(name, _teaches(picture.part)) for picture in pictures for name in picture.names}:
        named = [f"{label} in {'training' if teaches else 'test'} pictures" for label, teaches in sorted(lost)]
        raise UsageError(f"{source}: no sound box is left of {listed(named)}: {listed(faults)}")
    if not classes:
        raise UsageError(f"{source} has no boxes" + (f": {listed(faults)}" if faults else ""))
    return BoxSet(pictures, classes, tuple(faults), tones=tones_of(looks))


def _teaches(part: Part | None) -> bool:
    return part in {None, "train"}


def _all_tones(tones: Sequence[Tones]) -> Tones:
    return Tones(
        max(found.bits for found in tones),
        max(found.white for found in tones),
        any(found.transparent for found in tones),
    )
