"""A user's own masks: index pictures beside photographs, for semantic segmentation.

DIR/images/*.jpg with DIR/masks/*.png of the same names, or such a pair of folders below each of DIR/train, DIR/test and
the like. A pixel of a mask is the index of its class; 255 is left out, as in Pascal VOC. Pictures are not decoded, but
masks are: only so is an index out of range seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ptmbench.errors import UsageError, listed
from ptmbench.folders import PARTIAL, SKIP, SUFFIXES, in_threads, part_folders
from ptmbench.splits import Part

IGNORED = 255
INDEX_MODES: Final = {"L", "P", "1", "I", "I;16"}  # Pillow's names for pictures of one channel
EXPECTED = "expected DIR/images/*.jpg with DIR/masks/*.png, or both below DIR/train and DIR/test"


@dataclass(frozen=True, slots=True)
class MaskSet:
    """Pictures with a mask each, the part of each where the folders say so, and how many classes there are."""

    images: tuple[Path, ...]
    masks: tuple[Path, ...]
    ids: tuple[str, ...]
    parts: tuple[Part, ...] | None
    classes: int
    left_out: tuple[str, ...]


def read_masks(folder: Path, *, classes: int | None = None, skip_bad: bool = False) -> MaskSet:
    """Pairs pictures and masks and looks every mask over; raises `UsageError` with all faults.

    `classes` is the number of them; without it the largest index says.
    """
    divided = part_folders(folder) if folder.is_dir() else {}
    places: list[tuple[Part | None, Path]] = [(part, place) for part, place in divided.items()]
    rows: list[tuple[Path, Path, Part | None]] = []
    faults: list[str] = []
    for part, place in places or [(None, folder)]:
        found = _pairs(place, faults)
        rows += [(image, mask, part) for image, mask in found]
    if not rows:
        raise UsageError(f"{folder} has no pictures with masks; {EXPECTED}" + (f": {listed(faults)}" if faults else ""))
    seen = in_threads(lambda row: _look_over(row[0], row[1], classes), rows)
    bad = {row[1] for row, (_, fault) in zip(rows, seen, strict=True) if fault}
    faults += [f"{row[1].relative_to(folder)}: {fault}" for row, (_, fault) in zip(rows, seen, strict=True) if fault]
    if faults and not skip_bad:
        raise UsageError(f"{folder}: {len(faults)} faults: {listed(faults)}; {SKIP}")
    kept = [row for row in rows if row[1] not in bad]
    if not kept:
        raise UsageError(f"{folder} has no sound mask: {listed(faults)}")
    highest = max(high for high, fault in seen if not fault)
    return MaskSet(
        images=tuple(image for image, _, _ in kept),
        masks=tuple(mask for _, mask, _ in kept),
        ids=tuple(image.relative_to(folder).as_posix() for image, _, _ in kept),
        parts=tuple(part for _, _, part in kept if part) if places else None,
        classes=classes or highest + 1,
        left_out=tuple(faults),
    )


def _pairs(place: Path, faults: list[str]) -> list[tuple[Path, Path]]:
    """Pictures and masks of one name; what has no partner is a fault."""
    images, masks = _by_stem(place / "images"), _by_stem(place / "masks")
    faults += [f"{place.name}/images/{images[stem].name} has no mask" for stem in sorted(images.keys() - masks.keys())]
    faults += [f"{place.name}/masks/{masks[stem].name} has no picture" for stem in sorted(masks.keys() - images.keys())]
    return [(images[stem], masks[stem]) for stem in sorted(images.keys() & masks.keys())]


def _by_stem(place: Path) -> dict[str, Path]:
    if not place.is_dir():
        return {}
    return {path.stem: path for path in sorted(place.iterdir()) if path.suffix.lower() in SUFFIXES - PARTIAL}


def _look_over(image: Path, mask: Path, classes: int | None) -> tuple[int, str]:
    """The largest index of a mask, and what is wrong with the pair."""
    try:
        with Image.open(mask) as picture:
            if picture.mode not in INDEX_MODES:
                return -1, f"has the mode {picture.mode}; expected one channel of class indices"
            size, indices = picture.size, np.asarray(picture)
        with Image.open(image) as picture:
            if picture.size != size:
                return -1, f"is {size[0]}x{size[1]}, its picture {picture.size[0]}x{picture.size[1]}"
    except (OSError, ValueError, SyntaxError) as error:
        return -1, f"cannot be read ({error})"
    return _range_fault(np.unique(indices).tolist(), classes)


def _range_fault(indices: Sequence[int], classes: int | None) -> tuple[int, str]:
    used = [index for index in map(int, indices) if index != IGNORED]
    outside = [index for index in used if classes is not None and index >= classes]
    if outside:
        return (
            -1,
            f"has the index {listed(list(map(str, outside)))}, expected 0 to {max(classes or 0, 1) - 1}, or {IGNORED}",
        )
    return max(used, default=-1), ""
