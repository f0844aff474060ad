"""A user's own boxes: Pascal VOC folders and COCO annotation files, read without looking into a picture.

VOC counts pixels from 1 and its corners are inclusive; COCO gives [x, y, width, height] from 0. Both become
[left, top, right, bottom] from 0 with right and bottom exclusive, in pixels. Everything that is wrong is said at once.
"""

import json
import math
import xml.etree.ElementTree as ET  # no entity of a document type is expanded by this parser's default
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptmbench.errors import UsageError, listed
from ptmbench.folders import PART_NAMES, SKIP
from ptmbench.splits import Part

Box = tuple[float, float, float, float]
VOC = "expected DIR/Annotations/*.xml, DIR/JPEGImages/*.jpg and DIR/ImageSets/Main/train.txt, test.txt"


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture with its boxes, a class name and whether it is hard for each, and the part it belongs to."""

    id: str
    file: Path
    boxes: tuple[Box, ...]
    names: tuple[str, ...]
    difficult: tuple[bool, ...]
    part: Part | None


@dataclass(frozen=True, slots=True)
class BoxSet:
    """Annotated pictures, the class names in order, and what was left out on request."""

    pictures: tuple[Annotated, ...]
    classes: tuple[str, ...]
    left_out: tuple[str, ...]


def read_voc(folder: Path, *, skip_bad: bool = False) -> BoxSet:
    """Reads a Pascal VOC folder (Everingham et al. 2010); raises `UsageError` with all faults."""
    annotations = sorted((folder / "Annotations").glob("*.xml"))
    if not annotations:
        raise UsageError(f"{folder}: no annotations; {VOC}")
    parts = _voc_parts(folder)
    faults: list[str] = []
    pictures = [
        _voc_picture(file, folder, parts.get(file.stem), faults)
        for file in annotations
        if not parts or file.stem in parts
    ]
    absent = sorted(set(parts) - {file.stem for file in annotations})
    faults += [f"{name}.xml is named in ImageSets and not there" for name in absent]
    return _box_set(folder, [picture for picture in pictures if picture], faults, skip_bad=skip_bad)


def read_coco(file: Path, images: Path, *, skip_bad: bool = False) -> BoxSet:
    """Reads a COCO annotation file (Lin et al. 2014); crowds are left out, as its own evaluation does in training."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
        rows: dict[Any, list[Any]] = {entry["id"]: [] for entry in content["images"]}
        for entry in content["annotations"]:
            if not entry.get("iscrowd"):
                rows.setdefault(entry["image_id"], []).append(entry)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file} is no COCO annotation file: {type(error).__name__}: {error}") from None
    faults: list[str] = []
    known = {entry["id"]: entry for entry in content["images"]}
    faults += [f"image_id {key} has annotations and no entry in images" for key in rows if key not in known]
    pictures = [_coco_picture(known[key], rows[key], names, images, faults) for key in known]
    return _box_set(file, [picture for picture in pictures if picture], faults, skip_bad=skip_bad)


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


def _voc_parts(folder: Path) -> dict[str, Part]:
    """The part of each name in ImageSets/Main; none where there are no lists."""
    found: dict[str, Part] = {}
    for stem, part in PART_NAMES.items():
        file = folder / "ImageSets" / "Main" / f"{stem}.txt"
        if file.exists():
            found |= dict.fromkeys((line.split()[0] for line in file.read_text().splitlines() if line.strip()), part)
    return found


def _voc_picture(file: Path, folder: Path, part: Part | None, faults: list[str]) -> Annotated | None:
    try:
        root = ET.parse(file).getroot()  # noqa: S314  the user's own file
        width, height = (float(_text(root, f"size/{side}")) for side in ("width", "height"))
        objects = [
            (_text(thing, "name"), _voc_box(thing), thing.findtext("difficult") == "1") for thing in root.iter("object")
        ]
    except (ET.ParseError, ValueError, OSError) as error:
        faults.append(f"{file.name}: {error}")
        return None
    image = folder / "JPEGImages" / (root.findtext("filename") or f"{file.stem}.jpg")
    image = image if image.suffix else image.with_suffix(".jpg")
    return _picture(file.name, image, objects, (width, height), faults, key=file.stem, part=part)


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


def _coco_picture(
    entry: dict[str, Any], rows: list[Any], names: dict[Any, str], images: Path, faults: list[str]
) -> Annotated | None:
    try:
        objects = []
        for row in rows:
            left, top, width, height = map(float, row["bbox"])
            objects.append((names[row["category_id"]], (left, top, left + width, top + height), False))
        size = float(entry["width"]), float(entry["height"])
        file = images / str(entry["file_name"])
    except (KeyError, TypeError, ValueError) as error:
        faults.append(f"image {entry.get('id')}: {type(error).__name__}: {error}")
        return None
    return _picture(file.name, file, objects, size, faults, key=str(entry["id"]))


def _picture(
    name: str,
    image: Path,
    objects: list[tuple[str, Box, bool]],
    size: tuple[float, float],
    faults: list[str],
    *,
    key: str,
    part: Part | None = None,
) -> Annotated | None:
    """The picture with its sound boxes; what is not sound is added to the faults."""
    if not image.exists():
        faults.append(f"{name}: the picture {image.name} is not there")
        return None
    sound = []
    for label, box, hard in objects:
        fault = box_fault(box, *size)
        if fault:
            faults.append(f"{name}: a box of {label} {[round(edge, 1) for edge in box]} {fault}")
        else:
            sound.append((label, box, hard))
    return Annotated(
        id=key,
        file=image,
        boxes=tuple(box for _, box, _ in sound),
        names=tuple(label for label, _, _ in sound),
        difficult=tuple(hard for _, _, hard in sound),
        part=part,
    )


def _box_set(source: Path, pictures: list[Annotated], faults: list[str], *, skip_bad: bool) -> BoxSet:
    if faults and not skip_bad:
        raise UsageError(f"{source}: {len(faults)} faults: {listed(faults)}; {SKIP}")
    classes = tuple(sorted({name for picture in pictures for name in picture.names}))
    if not classes:
        raise UsageError(f"{source} has no boxes")
    return BoxSet(tuple(pictures), classes, tuple(faults))
