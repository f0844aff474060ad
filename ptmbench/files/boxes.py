"""A user's own boxes, whatever form they come in: held against their pictures, with all faults at once.

Boxes are [left, top, right, bottom] from 0 with right and bottom exclusive, in pixels. Pictures are decoded whole, and
their own size counts, not the one that an annotation tells. Faults are told in the numbers of the file.
"""

import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ptmbench.errors import UsageError, listed, told_once
from ptmbench.files.image_folders import SKIP
from ptmbench.files.labels import spelled_alike
from ptmbench.files.pictures import PLAIN, Look, Size, Tones, in_threads, look_at, tones_of
from ptmbench.files.splits import Part
from ptmbench.reading import is_there

Box = tuple[float, float, float, float]
ROUNDING = 0.5  # pixels that a box may lie over the edge, where it is cut: programs round


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
class BoxObject:
    """One box of an annotation: its class, its corners from 0, and its numbers and its id as they stand in the file."""

    label: str
    box: Box
    ignored: bool
    written: Box
    id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Annotation:
    """What an annotation says, not held against its picture yet; `name` stands in messages.

    A `size` of 0 is one that is not told: some programs write none, and some write 0. A `broken` one lacks an object
    that cannot be read. `hint` says what to type where the picture is not there.
    """

    name: str
    key: str
    file: Path
    size: Size
    objects: tuple[BoxObject, ...]
    part: Part | None = None
    broken: bool = False
    hint: str = ""


def _spelling_fault(names: Iterable[str]) -> list[str]:
    alike = spelled_alike(sorted(names))
    return [f"class names seem to be one in several spellings: {alike}; write each class in one way"] if alike else []


def joined(*sets: BoxSet) -> BoxSet:
    """Several sets as one; raises `UsageError` where they spell a class differently."""
    if alike := _spelling_fault({name for found in sets for name in found.classes}):
        raise UsageError(f"the annotations of training and test: {alike[0]}")
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


def inside(folder: Path, name: str) -> Path:
    """The file of that name below a folder; raises `ValueError` where the name leads out of it."""
    name = name.replace("\\", "/")
    path = Path(os.path.normpath(name))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ValueError(f"file name {name!r} leads out of {folder}: expected a path below it")
    return folder / path


def _held_against(annotation: Annotation, look: Look, faults: list[str]) -> Annotated | None:
    """The picture with its boxes; None, and the faults told, where it or any of its boxes is not sound.

    A picture without one of its objects would teach that the object is none.
    """
    if look.fault:
        which = "" if Path(annotation.name).name == annotation.file.name else f"the picture {annotation.file.name}: "
        faults.append(f"{annotation.name}: {which}{look.fault}{annotation.hint}")
        return None
    if any(told and told != own for told, own in zip(annotation.size, look.size, strict=True)):
        told, found = ("{}x{}".format(*pair) for pair in (annotation.size, look.size))
        faults.append(f"{annotation.name}: says {told}, and the picture {annotation.file.name} is {found}")
        return None
    boxes, faulty, objects = [], [], tuple(dict.fromkeys(annotation.objects))
    for thing in objects:
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
        names=tuple(thing.label for thing in objects),
        ignored=tuple(thing.ignored for thing in objects),
        part=annotation.part,
    )


def _twice(annotation: Annotation) -> list[str]:
    """Objects that stand more than once: a model that finds one would be said to miss the others."""
    counts = Counter(annotation.objects)
    told = {thing: f"{thing.label} {[round(edge, 2) for edge in thing.written]}" for thing in counts}
    ids = {thing: [other.id for other in annotation.objects if other == thing and other.id] for thing in counts}
    return [
        f"{annotation.name}: a box of {told[thing]} stands {count} times"
        + (f" (annotations {' and '.join(ids[thing])})" if ids[thing] else "")
        for thing, count in counts.items()
        if count > 1
    ]


def _look(annotation: Annotation) -> Look:
    return look_at(annotation.file) if is_there(annotation.file) else Look("not there")


def box_set(
    source: Path, annotations: list[Annotation], faults: list[str], *, skip_bad: bool, published: bool = False
) -> BoxSet:
    """The annotations held against their pictures; raises `UsageError` with all faults, those given included.

    Boxes in shares of their pictures are a fault of the whole set. One that stands twice counts once: in a `published`
    set, which nobody is to mend (COCO's train2017 has some), that is a note, elsewhere a fault.
    """
    written = [thing.written for annotation in annotations for thing in annotation.objects]
    if written and all(max(map(abs, box)) <= 1 for box in written):
        raise UsageError(
            f"{source}: expected boxes in pixels, got {len(written):,} whose numbers all lie within 1: are they shares "
            "of the picture? multiply them by its width and height"
        )
    looks = in_threads(_look, annotations)
    held = [_held_against(*row, faults) for row in zip(annotations, looks, strict=True)]
    pictures = tuple(picture for picture in held if picture)
    twice = [fault for annotation in annotations for fault in _twice(annotation)]
    faults += [] if published else twice
    notes = (f"boxes that stand twice count once: {listed(twice)}",) if published and twice else ()
    alike = _spelling_fault({thing.label for annotation in annotations for thing in annotation.objects})
    if alike:
        raise UsageError(f"{source}: {listed([*alike, *told_once(faults)])}")
    if faults and not skip_bad:
        raise UsageError(f"{source}: {len(faults)} faults: {listed(told_once(faults))}; {SKIP}")
    classes = tuple(sorted({name for picture in pictures for name in picture.names}))
    shown = {(thing.label, _teaches(one.part)) for one in annotations for thing in one.objects}
    if lost := shown - {(name, _teaches(picture.part)) for picture in pictures for name in picture.names}:
        named = [f"{label} in {'training' if teaches else 'test'} pictures" for label, teaches in sorted(lost)]
        raise UsageError(f"{source}: no sound box is left of {listed(named)}: {listed(told_once(faults))}")
    if not classes:
        raise UsageError(f"{source} has no boxes" + (f": {listed(told_once(faults))}" if faults else ""))
    return BoxSet(pictures, classes, tuple(faults), notes, tones=tones_of(looks))


def _teaches(part: Part | None) -> bool:
    return part in {None, "train"}


def _all_tones(tones: Sequence[Tones]) -> Tones:
    return Tones(
        max(found.bits for found in tones),
        max(found.white for found in tones),
        any(found.transparent for found in tones),
    )
