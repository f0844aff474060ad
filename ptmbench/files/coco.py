"""COCO annotation files (Lin et al. 2014): [x, y, width, height] from 0, in one JSON file for many pictures."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ptmbench.errors import UsageError, in_short, listed
from ptmbench.files.boxes import Annotation, BoxObject, BoxSet, box_set, inside
from ptmbench.files.splits import Part
from ptmbench.reading import is_there, json_of, text_of

LISTS = ("images", "annotations", "categories")
COCO = 'expected {"images": [...], "annotations": [...], "categories": [...]}'


def read_coco(
    file: Path, images: Path, *, skip_bad: bool = False, part: Part | None = None, published: bool = False
) -> BoxSet:
    """Reads a COCO annotation file (Lin et al. 2014), all of it for one part; raises `UsageError` with all faults.

    Boxes that stand twice in a `published` file are no fault.
    """
    content = _content(file)
    try:
        names = {str(entry["id"]): str(entry["name"]) for entry in content["categories"]}
        known = {str(entry["id"]): entry for entry in content["images"]}
        rows: dict[str, list[Any]] = {key: [] for key in known}
        for entry in content["annotations"]:
            rows.setdefault(str(entry["image_id"]), []).append(entry)
    except KeyError as error:
        raise UsageError(f"{file} is no COCO annotation file: an entry has no {error}; {COCO}") from None
    except (TypeError, AttributeError):
        raise UsageError(f"{file} is no COCO annotation file: an entry is no JSON object; {COCO}") from None
    faults = [fault for kind in ("images", "annotations", "categories") for fault in _repeated(kind, content[kind])]
    faults += [
        f"{count} categories are called {name!r}: expected a name for each"
        for name, count in Counter(str(entry["name"]) for entry in content["categories"]).items()
        if count > 1
    ]
    faults += [f"image_id {key} has annotations and no entry in images" for key in rows if key not in known]
    read = [_annotation(known[key], (rows[key], names, images), faults) for key in known]
    found = [replace(one, part=part, hint=_hint(one.file, images, part)) for one in read if one]
    return box_set(file, found, faults, skip_bad=skip_bad, published=published)


def _content(file: Path) -> dict[str, Any]:
    """What a file holds that has COCO's three lists."""
    if file.is_dir():
        found = listed([path.as_posix() for path in sorted([*file.glob("*.json"), *file.glob("annotations/*.json")])])
        raise UsageError(
            f"{file} is a folder: expected a COCO annotation file, coco:FILE.json?images=DIR"
            + (f"; there are {found}" if found else "")
        )
    try:
        content = json_of(text_of(file, "utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is no COCO annotation file: {error}; {COCO}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{file} is no COCO annotation file: it holds a {type(content).__name__}; {COCO}")
    if absent := [key for key in LISTS if not isinstance(content.get(key), list)]:
        raise UsageError(f"{file} is no COCO annotation file: it has no list of {' and '.join(absent)}; {COCO}")
    return content


def _hint(file: Path, images: Path, part: Part | None) -> str:
    """What to do where a picture lies elsewhere than its entry says; empty where it lies nowhere near."""
    if is_there(file):
        return ""
    if is_there(images.parent / file.relative_to(images)):
        option = "test_images" if part == "test" else "images"
        return f" below {images}, but below {images.parent}: type {option}={images.parent}"
    return f", but directly in {images}: take the folder out of file_name" if is_there(images / file.name) else ""


def _repeated(kind: str, entries: Sequence[Any]) -> list[str]:
    """Ids that stand more than once; annotations may have none."""
    counts = Counter(str(entry["id"]) for entry in entries if "id" in entry)
    return [f"id {key} stands {count} times in {kind}" for key, count in counts.items() if count > 1]


def _annotation(
    entry: dict[str, Any], around: tuple[list[Any], dict[str, str], Path], faults: list[str]
) -> Annotation | None:
    """The picture's boxes from its rows, the names of the classes and the pictures' folder.

    What names no known class is a fault, and so is an entry that lacks what it must have.
    """
    rows, names, images = around
    try:
        called = str(entry["file_name"])
        size = _pixels(entry, "width"), _pixels(entry, "height")
        file = inside(images, called)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        name = entry.get("file_name", entry.get("id")) if isinstance(entry, dict) else entry
        faults.append(f"image {name}: {_lacks(error)}")
        return None
    objects, faulty = [], []
    for row in rows:
        try:
            objects.append(_object(row, names))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            faulty.append(
                f"{called}: annotation {row.get('id', '') if isinstance(row, dict) else row}: {_lacks(error)}"
            )
    faults += faulty
    return Annotation(called, str(entry["id"]), file, size, tuple(objects), broken=bool(faulty))


def _object(row: dict[str, Any], names: dict[str, str]) -> BoxObject:
    written = row["bbox"]
    if not (isinstance(written, list) and len(written) == 4 and all(isinstance(edge, int | float) for edge in written)):
        raise ValueError(f"expected a bbox of four numbers [left, top, width, height], got {in_short(written)}")
    left, top, width, height = map(float, written)
    if str(row["category_id"]) not in names:
        raise ValueError(f"category_id {row['category_id']} is none of categories")
    box, label = (left, top, left + width, top + height), names[str(row["category_id"])]
    return BoxObject(label, box, bool(row.get("iscrowd")), (left, top, width, height), str(row.get("id", "")))


def _pixels(entry: dict[str, Any], side: str) -> int:
    """The width or height that an entry tells; 0 where it tells none."""
    told = entry.get(side) or 0
    if not (isinstance(told, int | float) and math.isfinite(told)):
        raise ValueError(f"expected a {side} in pixels, got {in_short(told)}")
    return int(told)


def _lacks(error: Exception) -> str:
    """What is wrong with an entry, in words."""
    return f"no {error}" if isinstance(error, KeyError) else str(error)
