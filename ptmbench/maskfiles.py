"""A user's own masks: index pictures beside photographs, for semantic segmentation.

DIR/images/*.jpg with DIR/masks/*.png of the same names, or such a pair of folders below each of DIR/train, DIR/test and
the like; or a Pascal VOC folder. A pixel of a mask is the index of its class; 255 is left out, as in VOC. Pictures are
not decoded, but masks are: only so is an index out of range seen.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ptmbench.boxfiles import voc_parts
from ptmbench.errors import UsageError, listed
from ptmbench.folders import PARTIAL, SKIP, SUFFIXES, in_threads, part_folders
from ptmbench.splits import Part

IGNORED = 255
INDEX_MODES: Final = {"L", "P", "1", "I", "I;16"}  # Pillow's names for pictures of one channel
EXPECTED = "expected DIR/images/*.jpg with DIR/masks/*.png, or both below DIR/train and DIR/test"


@dataclass(frozen=True, slots=True)
class MaskSet:
    """Pictures with a mask each, their sizes (height, width) and the sha256 of both, and how many classes there are.

    `parts` says the part of each where the folders or lists do.
    """

    images: tuple[Path, ...]
    masks: tuple[Path, ...]
    ids: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    digests: tuple[bytes, ...]
    mask_digests: tuple[bytes, ...]
    parts: tuple[Part, ...] | None
    classes: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    image: Path
    mask: Path
    part: Part | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a pair holds: the largest index of its mask, its size and digests, or what is wrong with it."""

    fault: str = ""
    highest: int = -1
    size: tuple[int, int] = (0, 0)
    digests: tuple[bytes, bytes] = (b"", b"")


def read_masks(folder: Path, *, classes: int | None = None, skip_bad: bool = False) -> MaskSet:
    """Pairs pictures and masks and looks every mask over; raises `UsageError` with all faults.

    `classes` is the number of them; without it the largest index says.
    """
    divided = part_folders(folder) if folder.is_dir() else {}
    places: list[tuple[Part | None, Path]] = [(part, place) for part, place in divided.items()]
    faults: list[str] = []
    pairs = [
        _Pair(image, mask, part) for part, place in places or [(None, folder)] for image, mask in _pairs(place, faults)
    ]
    return _mask_set(folder, pairs, faults, classes=classes, skip_bad=skip_bad)


def read_voc_masks(folder: Path, classes: int, *, skip_bad: bool = False) -> MaskSet:
    """Reads the segmentation part of a Pascal VOC folder; raises `UsageError` with all faults."""
    parts = voc_parts(folder / "ImageSets" / "Segmentation")
    if not parts:
        raise UsageError(f"{folder}: no lists; expected {folder.name}/ImageSets/Segmentation/train.txt and val.txt")
    pairs = [
        _Pair(folder / "JPEGImages" / f"{name}.jpg", folder / "SegmentationClass" / f"{name}.png", part)
        for name, part in parts.items()
    ]
    return _mask_set(folder, pairs, [], classes=classes, skip_bad=skip_bad)


def _mask_set(folder: Path, pairs: list[_Pair], faults: list[str], *, classes: int | None, skip_bad: bool) -> MaskSet:
    """The sound pairs; raises `UsageError` with all faults, those given included."""
    if not pairs:
        raise UsageError(f"{folder} has no pictures with masks; {EXPECTED}" + (f": {listed(faults)}" if faults else ""))
    looked = in_threads(lambda pair: _look_over(pair.image, pair.mask, classes), pairs)
    rows = list(zip(pairs, looked, strict=True))
    faults += [f"{pair.mask.relative_to(folder)}: {seen.fault}" for pair, seen in rows if seen.fault]
    if faults and not skip_bad:
        raise UsageError(f"{folder}: {len(faults)} faults: {listed(faults)}; {SKIP}")
    kept = [(pair, seen) for pair, seen in rows if not seen.fault]
    if not kept:
        raise UsageError(f"{folder} has no sound mask: {listed(faults)}")
    parts = tuple(pair.part for pair, _ in kept if pair.part)
    return MaskSet(
        images=tuple(pair.image for pair, _ in kept),
        masks=tuple(pair.mask for pair, _ in kept),
        ids=tuple(pair.image.relative_to(folder).as_posix() for pair, _ in kept),
        sizes=tuple(seen.size for _, seen in kept),
        digests=tuple(seen.digests[0] for _, seen in kept),
        mask_digests=tuple(seen.digests[1] for _, seen in kept),
        parts=parts or None,
        classes=classes or max(seen.highest for _, seen in kept) + 1,
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


def _look_over(image: Path, mask: Path, classes: int | None) -> _Seen:
    """What a pair holds, or what is wrong with it."""
    try:
        digests = hashlib.sha256(image.read_bytes()).digest(), hashlib.sha256(mask.read_bytes()).digest()
        with Image.open(mask) as picture:
            if picture.mode not in INDEX_MODES:
                return _Seen(f"has the mode {picture.mode}; expected one channel of class indices")
            size, indices = picture.size, np.asarray(picture)
        with Image.open(image) as picture:
            if picture.size != size:
                return _Seen(f"is {size[0]}x{size[1]}, its picture {picture.size[0]}x{picture.size[1]}")
    except FileNotFoundError as error:
        return _Seen(f"{Path(error.filename).name} is not there")
    except (OSError, ValueError, SyntaxError) as error:
        return _Seen(f"cannot be read ({error})")
    used = [index for index in map(int, np.unique(indices)) if index != IGNORED]
    outside = [str(index) for index in used if index >= min(classes or IGNORED, IGNORED)]
    if outside:
        expected = f"0 to {max(classes or IGNORED, 1) - 1}, or {IGNORED}"
        return _Seen(f"has the index {listed(outside)}, expected {expected}")
    return _Seen("", max(used, default=0), (size[1], size[0]), digests)
