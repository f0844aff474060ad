"""A user's own masks: index pictures beside photographs, for semantic segmentation.

DIR/images/*.jpg with DIR/masks/*.png of the same names, or such a pair of folders below each of DIR/train, DIR/test and
the like; or a Pascal VOC folder. A pixel of a mask is the index of its class; 255 is left out, as in VOC, unless it is
named as the grey value of the foreground. Pictures are not decoded, but masks are: only so is an index out of range
seen, and a set whose masks show a single class, which every model would get right.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptmbench.errors import UsageError, listed, told_once
from ptmbench.files.image_folders import PART_NAMES, PARTIAL, SKIP, SUFFIXES, part_folders
from ptmbench.files.mask_pixels import Colour, colours_of, indices_of, palettes_fault
from ptmbench.files.pictures import PLAIN, Look, Tones, in_threads, look_at, tones_of
from ptmbench.files.splits import Part
from ptmbench.files.voc import voc_parts
from ptmbench.reading import content_of

IGNORED = 255  # the index of a mask's pixels that do not count, as in Pascal VOC
LOSSY: Final = {"JPEG", "JPEG2000", "MPO", "AVIF"}  # forms that blur indices at the edges of classes
UNCOLOUR = (
    "expected one channel of class indices; write 0, 1, 2, ... for its colours, the same in all masks, and save that "
    "as a grey PNG: Image.fromarray(indices.astype('uint8'))"
)
EXPECTED = "expected DIR/images/*.jpg with DIR/masks/*.png, or both below DIR/train and DIR/test"


@dataclass(frozen=True, slots=True)
class MaskSet:
    """Pictures with a mask each, their sizes (height, width) and the sha256 of both, and how many classes there are.

    `values` are the grey values that the masks hold, `shown` the classes of each, but for what is left out. `parts`
    says the part of each where the folders or lists do.
    """

    images: tuple[Path, ...]
    masks: tuple[Path, ...]
    ids: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    digests: tuple[bytes, ...]
    mask_digests: tuple[bytes, ...]
    parts: tuple[Part, ...] | None
    classes: int
    values: frozenset[int]
    shown: tuple[frozenset[int], ...]
    left_out: tuple[str, ...]
    tones: Tones = PLAIN


@dataclass(frozen=True, slots=True)
class MaskForm:
    """How grey values of masks are classes: how many there are, what they are called, which value is the foreground.

    Without a number the largest index says it. With a `foreground` that value is class 1 and 0 is class 0; every other
    value is a fault, but for 255, which is left out where it is not the foreground itself, and for those `ignored`.
    The name of a mask is that of its picture with `suffix` at its end.
    """

    classes: int | None = None
    names: tuple[str, ...] = ()
    foreground: int | None = None
    ignored: frozenset[int] = frozenset()
    suffix: str = ""

    def content(self) -> bytes:
        """What a digest takes beside the files' bytes; nothing where grey values are the classes."""
        foreground = "" if self.foreground is None else f"foreground {self.foreground}|"
        return f"{foreground}{f'ignored {sorted(self.ignored)}|' if self.ignored else ''}".encode()

    def called(self, classes: int) -> tuple[str, ...]:
        """The names of so many classes."""
        if not self.names and self.foreground is not None:
            return ("background", "foreground")
        return self.names or tuple(f"class_{index}" for index in range(classes))

    def value_of(self, index: int) -> int:
        """The grey value of a class."""
        return self.foreground if self.foreground is not None and index == 1 else index

    def fault_of(self, values: Iterable[int]) -> str:
        """What is wrong with the values of a mask; empty for nothing."""
        if self.foreground is None:
            limit = min(self.classes or IGNORED, IGNORED)
            known, expected = (
                {*range(limit), IGNORED, *self.ignored},
                f"has the index {{}}, expected 0 to {limit - 1}, or {IGNORED}",
            )
        else:
            known, expected = (
                {0, self.foreground, IGNORED, *self.ignored},
                f"has the value {{}}, expected 0 or {self.foreground}",
            )
            expected += "" if self.foreground == IGNORED else f", or {IGNORED} where no class counts"
        odd = [str(value) for value in sorted(values) if value not in known | self.ignored]
        return expected.format(listed(odd)) if odd else ""

    def indices(self, values: Iterable[int]) -> frozenset[int]:
        """The classes that these sound values stand for."""
        grey = np.array(sorted(values), dtype=np.int64)
        return frozenset(self.classes_of(grey).tolist()) - {IGNORED}

    def classes_of(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """The classes of a mask's grey values, of any shape; 255 for what is left out."""
        found = values if self.foreground is None else np.where(values == self.foreground, 1, values)
        for value in self.ignored - {self.foreground}:
            found = np.where(values == value, IGNORED, found)
        return found.astype(np.uint8)


PLAIN_MASKS: Final = MaskForm()


@dataclass(frozen=True, slots=True)
class _Pair:
    image: Path
    mask: Path
    part: Part | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a pair holds: the grey values of its mask and their colours, both files, or what is wrong with them."""

    fault: str = ""
    values: frozenset[int] = frozenset()
    image: Look = field(default_factory=Look)
    mask: Look = field(default_factory=Look)
    colours: dict[int, Colour] = field(default_factory=dict)


def read_masks(folder: Path, form: MaskForm = PLAIN_MASKS, *, skip_bad: bool = False) -> MaskSet:
    """Pairs pictures and masks and looks every mask over; raises `UsageError` with all faults.

    A set that shows a single class, or no pixel of a class that was given a name, is a fault as a whole.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: {EXPECTED}")
    divided = part_folders(folder)
    places: list[tuple[Part | None, Path]] = [(part, place) for part, place in divided.items()]
    faults: list[str] = []
    pairs = [
        _Pair(image, mask, part)
        for part, place in places or [(None, folder)]
        for image, mask in _pairs(place, form.suffix, faults)
    ]
    found = _mask_set(folder, pairs, faults, form, skip_bad=skip_bad)
    _check_classes(folder, found.values, form)
    return found


def read_voc_masks(folder: Path, classes: int, *, skip_bad: bool = False) -> MaskSet:
    """Reads the segmentation part of a Pascal VOC folder; raises `UsageError` with all faults."""
    parts = voc_parts(folder / "ImageSets" / "Segmentation")
    if not parts:
        raise UsageError(f"{folder}: no lists; expected {folder.name}/ImageSets/Segmentation/train.txt and val.txt")
    pairs = [
        _Pair(folder / "JPEGImages" / f"{name}.jpg", folder / "SegmentationClass" / f"{name}.png", part)
        for name, part in parts.items()
    ]
    return _mask_set(folder, pairs, [], MaskForm(classes), skip_bad=skip_bad)


def _check_classes(folder: Path, values: frozenset[int], form: MaskForm) -> None:
    """Raises `UsageError` where masks show a single class, or no pixel of one that was given a name."""
    seen = form.indices(values)
    if form.foreground is None and values == {0, IGNORED}:
        raise UsageError(
            f"{folder}: the masks hold only 0 and {IGNORED}, and {IGNORED} marks pixels that are left out: is "
            f"{IGNORED} the foreground? add ?foreground={IGNORED}; if it is not, expected masks of two classes or more"
        )
    faults = [
        f"class {name!r} has no pixel in any mask (the value {form.value_of(index)})"
        for index, name in enumerate(form.called(0))
        if index not in seen
    ]
    if not faults and len(seen) < 2:
        faults = [f"expected masks of two classes or more, got {len(seen)}"]
    if not faults and form.classes is None and len(seen) <= max(seen):
        faults = [
            f"expected the indices 0 to {len(seen) - 1} of {len(seen)} classes, got a gap: rewrite the masks, leave "
            f"values out with ?ignore={max(seen)}, or say how many classes there are with ?classes={max(seen) + 1}"
            + (f"; is {max(seen)} the foreground? ?foreground={max(seen)}" if len(seen) == 2 else "")
        ]
    if faults:
        held = listed([str(value) for value in sorted(values)])
        raise UsageError(f"{folder}: {'; '.join(faults)}; the values of all masks: {held}")


def _mask_set(folder: Path, pairs: list[_Pair], faults: list[str], form: MaskForm, *, skip_bad: bool) -> MaskSet:
    """The sound pairs; raises `UsageError` with all faults, those given included."""
    if not pairs:
        raise UsageError(
            f"{folder} has no pictures with masks; {EXPECTED}" + (f": {listed(told_once(faults))}" if faults else "")
        )
    looked = in_threads(lambda pair: _look_over(pair.image, pair.mask, form), pairs)
    rows = list(zip(pairs, looked, strict=True))
    faults += [f"{pair.mask.relative_to(folder)}: {seen.fault}" for pair, seen in rows if seen.fault]
    kept = [(pair, seen) for pair, seen in rows if not seen.fault]
    left_out = form.ignored | {IGNORED} - {form.foreground}
    if differing := palettes_fault({pair.mask.relative_to(folder): seen.colours for pair, seen in kept}, left_out):
        raise UsageError(f"{folder}: {listed([differing, *told_once(faults)])}")
    if faults and not skip_bad:
        raise UsageError(f"{folder}: {len(faults)} faults: {listed(told_once(faults))}; {SKIP}")
    if not kept:
        raise UsageError(f"{folder} has no sound mask: {listed(told_once(faults))}")
    parts = tuple(pair.part for pair, _ in kept if pair.part)
    values = frozenset[int]().union(*(seen.values for _, seen in kept))
    return MaskSet(
        images=tuple(pair.image for pair, _ in kept),
        masks=tuple(pair.mask for pair, _ in kept),
        ids=tuple(pair.image.relative_to(folder).as_posix() for pair, _ in kept),
        sizes=tuple((seen.image.size[1], seen.image.size[0]) for _, seen in kept),
        digests=tuple(seen.image.digest for _, seen in kept),
        mask_digests=tuple(seen.mask.digest for _, seen in kept),
        parts=parts or None,
        classes=form.classes or max(form.indices(values), default=0) + 1,
        values=values,
        shown=tuple(form.indices(seen.values) for _, seen in kept),
        left_out=tuple(faults),
        tones=tones_of(seen.image for _, seen in kept),
    )


def _pairs(place: Path, suffix: str, faults: list[str]) -> list[tuple[Path, Path]]:
    """Pictures and masks of one name, the latter with a suffix; what has no partner is a fault."""
    if misnamed := _misnamed(place):
        faults.append(misnamed)
        return []
    images = _by_stem(place / "images", "", faults)
    masks = _by_stem(place / "masks", suffix, faults)
    if not images.keys() & masks.keys() and (ending := _ending_of(images, masks)):
        faults.append(f"the names of masks in {place.name}/masks end in {ending}: add ?mask_suffix={ending}")
        return []
    single = [stem for stem in sorted(images.keys() & masks.keys()) if len(images[stem]) == len(masks[stem]) == 1]
    for here, there, lacks in ((images, masks, "images/{} has no mask"), (masks, images, "masks/{} has no picture")):
        alone = [path for stem in sorted(here.keys() - there.keys()) for path in here[stem]]
        faults += [f"{place.name}/{lacks.format(path.name)}" for path in alone]
    return [(images[stem][0], masks[stem][0]) for stem in single]


def _misnamed(place: Path) -> str:
    """What to rename where one of the two folders is there and the only other one has another name; empty if none."""
    there = sorted(path.name for path in place.iterdir() if path.is_dir() and path.name[0] not in "._")
    wanted = {"images", "masks"} - set(there)
    others = [name for name in there if name not in {"images", "masks"}]
    if len(wanted) != 1 or len(others) != 1 or others[0].lower() in PART_NAMES:
        return ""
    return f"{place.name} has no folder {min(wanted)}: is it {others[0]}? rename that to {min(wanted)}"


def _by_stem(place: Path, suffix: str, faults: list[str]) -> dict[str, list[Path]]:
    """The pictures of a folder by their names without a suffix; several of one name are a fault."""
    found: dict[str, list[Path]] = {}
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        if path.suffix.lower() in SUFFIXES - PARTIAL:
            found.setdefault(path.stem.removesuffix(suffix), []).append(path)
    faults += [
        f"{place.parent.name}/{place.name}: {' and '.join(path.name for path in paths)} have one name: keep one of them"
        for paths in found.values()
        if len(paths) > 1
    ]
    return found


def _ending_of(images: Iterable[str], masks: Iterable[str]) -> str:
    """What the names of all masks end in that begin with the name of a picture; empty where they have no common end."""
    names = sorted(images, key=len, reverse=True)
    endings = {next((mask.removeprefix(name) for name in names if mask.startswith(name)), "") for mask in masks}
    return endings.pop() if len(endings) == 1 else ""


def _look_over(image: Path, mask: Path, form: MaskForm) -> _Seen:
    """What a pair holds, or what is wrong with it."""
    absent = next((path for path in (image, mask) if not path.exists()), None)
    if absent:
        return _Seen(f"{absent.name} is not there")
    held, seen = look_at(mask), look_at(image)
    if held.fault or seen.fault:
        return _Seen(held.fault or f"its picture {image.name}: {seen.fault}")
    if seen.size != held.size:
        return _Seen(f"is {held.size[0]}x{held.size[1]}, its picture {seen.size[0]}x{seen.size[1]}")
    if held.format in LOSSY:
        return _Seen(f"is a {held.format} file, which blurs indices: save masks as PNG, from the originals")
    with Image.open(io.BytesIO(content_of(mask))) as picture:
        indices = indices_of(picture)
        if indices is None:
            return _Seen(f"is coloured or transparent (mode {picture.mode}): {UNCOLOUR}")
        values = frozenset(map(int, np.unique(indices)))
        return _Seen(form.fault_of(values), values, seen, held, colours_of(picture, values))
