"""A user's own boxes: Pascal VOC folders and COCO annotation files.

VOC counts pixels from 1 and its corners are inclusive; COCO gives [x, y, width, height] from 0. Both become
[left, top, right, bottom] from 0 with right and bottom exclusive, in pixels. Of the pictures only the headers are read:
what counts is their own size, not the one that an annotation tells. Everything that is wrong is said at once.
"""

import hashlib
import json
import math
import xml.etree.ElementTree as ET  # no entity of a document type is expanded by this parser's default
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from ptmbench.errors import UsageError, listed
from ptmbench.files.image_folders import PART_NAMES, SKIP, SUFFIXES, in_threads
from ptmbench.files.splits import Part

Box = tuple[float, float, float, float]
Size = tuple[int, int]  # width and height, as both forms write them
Object = tuple[str, Box, bool]  # class name, box, and whether it is ignored
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
    """Annotated pictures, the class names in order, and what was left out on request."""

    pictures: tuple[Annotated, ...]
    classes: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Annotation:
    """What an annotation says, not held against its picture yet; `name` stands in messages."""

    name: str
    key: str
    file: Path
    size: Size
    objects: tuple[Object, ...]
    part: Part | None = None


def read_voc(folder: Path, *, skip_bad: bool = False) -> BoxSet:
    """Reads a Pascal VOC folder (Everingham et al. 2010); raises `UsageError` with all faults."""
    annotations = sorted((folder / "Annotations").glob("*.xml"))
    if not annotations:
        raise UsageError(f"{folder}: no annotations; {VOC}")
    parts, known = voc_parts(folder / "ImageSets" / "Main"), {file.stem for file in annotations}
    faults: list[str] = []
    chosen = [file for file in annotations if not parts or file.stem in parts]
    read = [_voc_annotation(file, folder, parts.get(file.stem), faults) for file in chosen]
    faults += [f"{name}.xml is named in ImageSets and not there" for name in sorted(set(parts) - known)]
    if not parts:
        pictures = {path.stem: path.name for path in _pictures_in(folder / "JPEGImages")}
        faults += [f"{pictures[stem]} has no annotation" for stem in sorted(set(pictures) - known)]
    return _box_set(folder, [annotation for annotation in read if annotation], faults, skip_bad=skip_bad)


def read_coco(file: Path, images: Path, *, skip_bad: bool = False, part: Part | None = None) -> BoxSet:
    """Reads a COCO annotation file (Lin et al. 2014), all of it for one part; raises `UsageError` with all faults."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
        known = {entry["id"]: entry for entry in content["images"]}
        rows: dict[Any, list[Any]] = {key: [] for key in known}
        for entry in content["annotations"]:
            rows.setdefault(entry["image_id"], []).append(entry)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file} is no COCO annotation file: {type(error).__name__}: {error}") from None
    faults = [fault for kind in ("images", "annotations", "categories") for fault in _repeated(kind, content[kind])] + [
        f"image_id {key} has annotations and no entry in images" for key in rows if key not in known
    ]
    read = [_coco_annotation(known[key], (rows[key], names, images), faults) for key in known]
    read = [annotation and replace(annotation, part=part) for annotation in read]
    return _box_set(file, [annotation for annotation in read if annotation], faults, skip_bad=skip_bad)


def joined(*sets: BoxSet) -> BoxSet:
    """Several sets as one."""
    return BoxSet(
        pictures=tuple(picture for found in sets for picture in found.pictures),
        classes=tuple(sorted({name for found in sets for name in found.classes})),
        left_out=tuple(fault for found in sets for fault in found.left_out),
    )


def box_fault(box: Sequence[float], width: float, height: float) -> str:
    """What is wrong with a box [left, top, right, bottom] in a picture of that size; empty if nothing is."""
    left, top, right, bottom = box
    if not all(map(math.isfinite, box)):
        return "is not finite"
    if right <= left or bottom <= top:
        return "has no area"
    if left < 0 or top < 0 or right > width or bottom > height:
        return f"lies outside the picture of {width:g}x{height:g}"
    return ""


def voc_parts(place: Path) -> dict[str, Part]:
    """The part of each name in the lists of a folder (train.txt, val.txt, test.txt); none where there are no lists.

    Where there is no list for test, that for validation is it.
    """
    found: dict[str, Part] = {}
    for stem, part in PART_NAMES.items():
        file = place / f"{stem}.txt"
        if file.exists():
            found |= dict.fromkeys((line.split()[0] for line in file.read_text().splitlines() if line.strip()), part)
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
            (_text(thing, "name"), _voc_box(thing), thing.findtext("difficult") == "1") for thing in root.iter("object")
        )
    except (ET.ParseError, ValueError, OSError) as error:
        faults.append(f"{file.name}: {error}")
        return None
    image = folder / "JPEGImages" / (root.findtext("filename") or f"{file.stem}.jpg")
    image = image if image.suffix else image.with_suffix(".jpg")
    return _Annotation(file.name, file.stem, image, (width, height), objects, part)


def _text(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    if not found or not found.strip():
        raise ValueError(f"no <{path}>")
    return found.strip()


def _voc_box(thing: ET.Element) -> Box:
    left, top, right, bottom = (float(_text(thing, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))
    if right <= left or bottom <= top:
        return left, top, right, bottom  # a point or a line, which counting inclusively would make a pixel wide
    return left - 1, top - 1, right, bottom


def _coco_annotation(
    entry: dict[str, Any], around: tuple[list[Any], dict[Any, str], Path], faults: list[str]
) -> _Annotation | None:
    """The picture's boxes from its rows, the names of the classes and the pictures' folder.

    What names no known class is a fault, and so is an entry that lacks what it must have.
    """
    rows, names, images = around
    try:
        objects = []
        for row in rows:
            left, top, width, height = map(float, row["bbox"])
            box = left, top, left + width, top + height
            if row["category_id"] in names:
                objects.append((names[row["category_id"]], box, bool(row.get("iscrowd"))))
            else:
                faults.append(f"{entry['file_name']}: category_id {row['category_id']} is none of categories")
        size = int(entry["width"]), int(entry["height"])
        file = images / str(entry["file_name"])
    except (KeyError, TypeError, ValueError) as error:
        faults.append(f"image {entry.get('id')}: {type(error).__name__}: {error}")
        return None
    return _Annotation(file.name, str(entry["id"]), file, size, tuple(objects))


def _header(file: Path) -> tuple[Size, bytes] | str:
    """Width and height of a picture and the sha256 of its bytes, or why there are none."""
    try:
        content = file.read_bytes()
        with Image.open(file) as picture:
            return picture.size, hashlib.sha256(content).digest()
    except FileNotFoundError:
        return f"the picture {file.name} is not there"
    except (OSError, ValueError, SyntaxError) as error:
        return f"the picture {file.name} cannot be read ({error})"


def _held_against(annotation: _Annotation, header: tuple[Size, bytes] | str, faults: list[str]) -> Annotated | None:
    """The picture with its sound boxes; what is not sound is added to the faults."""
    if isinstance(header, str):
        faults.append(f"{annotation.name}: {header}")
        return None
    size, digest = header
    if annotation.size != size and any(annotation.size):  # some programs write 0 for what they do not know
        told, found = ("{}x{}".format(*pair) for pair in (annotation.size, size))
        faults.append(f"{annotation.name}: says {told}, and the picture {annotation.file.name} is {found}")
        return None
    sound = []
    for label, box, ignored in annotation.objects:
        fault = box_fault(box, *size)
        if fault:
            faults.append(f"{annotation.name}: a box of {label} {[round(edge, 1) for edge in box]} {fault}")
        else:
            sound.append((label, box, ignored))
    return Annotated(
        id=annotation.key,
        file=annotation.file,
        size=size,
        digest=digest,
        boxes=tuple(box for _, box, _ in sound),
        names=tuple(label for label, _, _ in sound),
        ignored=tuple(ignored for _, _, ignored in sound),
        part=annotation.part,
    )


def _box_set(source: Path, annotations: list[_Annotation], faults: list[str], *, skip_bad: bool) -> BoxSet:
    headers = in_threads(lambda annotation: _header(annotation.file), annotations)
    held = [_held_against(*row, faults) for row in zip(annotations, headers, strict=True)]
    pictures = tuple(picture for picture in held if picture)
    if faults and not skip_bad:
        raise UsageError(f"{source}: {len(faults)} faults: {listed(faults)}; {SKIP}")
    classes = tuple(sorted({name for picture in pictures for name in picture.names}))
    if not classes:
        raise UsageError(f"{source} has no boxes")
    return BoxSet(pictures, classes, tuple(faults))
