"""A user's own folders: which file belongs to which split and class, and what is wrong with them.

DIR/train/CLASS/*, DIR/test/CLASS/*, and if there is one DIR/val/CLASS/*; or DIR/CLASS/*, split by hashes. Where there
is a val folder and no test folder, val is the test part, as ImageNet users have it.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from ptmbench.errors import UsageError, listed
from ptmbench.files.pictures import PLAIN, Look, Tones, in_threads, look_at, tones_of
from ptmbench.files.splits import Part

PART_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "devel", "testa"), "validation"),  # CoNLL 2003's testa
    **dict.fromkeys(("test", "testing", "eval", "testb"), "test"),
}  # fmt: skip
SUFFIXES = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".avif", ".jp2"),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".tga"),
    }
)
PARTIAL = frozenset({".part", ".crdownload", ".download", ".tmp", ".aria2"})
BESIDE = frozenset({".txt", ".md", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".html", ".ini", ".db", ".log"})
EXPECTED = "expected DIR/train/CLASS/*.png with DIR/test/CLASS/*.png, or DIR/CLASS/*.png"
SKIP = "mend or remove them, or go on without them: --skip-bad"


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """Image files with a class index and, where the folders say so, a part each; `left_out` names faulty files.

    `tones` say how their values become 8 bits.
    """

    files: tuple[Path, ...]
    ids: tuple[str, ...]
    digests: tuple[bytes, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None
    left_out: tuple[str, ...]
    tones: Tones = PLAIN


def part_folders(folder: Path) -> dict[Part, Path]:
    """The folders of the parts, by their usual names; none where the folder is not divided.

    A name that holds a usual one (training_set, seg_test) speaks of a part where the folder divides into the same
    folders as that of training. A folder called train that holds no folder, and has no
    other part beside it, is a class.

    Raises:
        UsageError: Where several folders are one part.
    """
    found: dict[Part, list[Path]] = {}
    places = _folders(folder)
    for path in places:
        if path.name.lower() in PART_NAMES:
            found.setdefault(PART_NAMES[path.name.lower()], []).append(path)
    if [*found] == ["train"] and not any(map(_folders, found["train"])):
        return {}
    loose = [(part, path) for path in places if (part := _part_within(path.name))]
    training = {place.name for path in (*found.get("train", ()), *_of("train", loose)) for place in _folders(path)}
    for part, path in loose:
        if training & {place.name for place in _folders(path)} and len({of for of, _ in loose} | found.keys()) > 1:
            found.setdefault(part, []).append(path)
    twice = [f"{part} ({listed([path.name for path in paths])})" for part, paths in found.items() if len(paths) > 1]
    if twice:
        raise UsageError(
            f"{folder} has several folders for a part: {listed(twice)}: expected one; move the others away"
        )
    single = {part: paths[0] for part, paths in found.items()}
    if "test" not in single and "validation" in single:
        single["test"] = single.pop("validation")
    return {part: single[part] for part in get_args(Part) if part in single}


def _part_within(name: str) -> Part | None:
    """The part that one word of a folder's name speaks of, where the name is more than that word."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
    parts = [PART_NAMES[word] for word in words if word in PART_NAMES]
    return parts[0] if len(parts) == 1 and name.lower() not in PART_NAMES else None


def _of(part: Part, loose: Iterable[tuple[Part, Path]]) -> list[Path]:
    return [path for of, path in loose if of == part]


@dataclass(frozen=True, slots=True)
class _Row:
    """A picture's file, and where it belongs."""

    file: Path
    name: str
    part: Part | None


def read_image_folder(folder: Path, *, skip_bad: bool = False) -> ImageFolder:
    """Indexes the images of a folder: each is hashed and decoded whole, and only what is found is kept.

    Raises `UsageError` with all faults; `skip_bad` leaves out unreadable files and classes without any image instead,
    but never the last training image of a class that has others.
    """
    divided = _divided(folder)
    beside = _beside(folder, divided) if divided else []
    classes = sorted({path.name for place in divided.values() or [folder] for path in _folders(place)})
    rows: list[_Row] = []
    faults, bad = _class_faults(folder, divided, classes), _loose_pictures(folder, divided)
    for part, place in divided.items() or [(None, folder)]:
        for name in classes:
            pictures, others = _files_below(place / name)
            bad += [f"{path.relative_to(folder)} ({why})" for path, why in others.items()]
            rows += [_Row(path, name, part) for path in pictures]
    looks = in_threads(look_at, [row.file for row in rows])
    pairs = list(zip(rows, looks, strict=True))
    bad += [f"{row.file.relative_to(folder)} ({look.fault})" for row, look in pairs if look.fault]
    _refuse(folder, faults, bad, skip_bad=skip_bad)
    kept = [(row, look) for row, look in pairs if not look.fault]
    _check_classes(folder, rows, [row for row, _ in kept])
    return _image_folder(folder, kept, [*bad, *beside], divided=bool(divided))


def _divided(folder: Path) -> dict[Part, Path]:
    """The folders of the parts; raises `UsageError` where training or test is missing."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: {EXPECTED}")
    divided = part_folders(folder)
    if divided and "train" not in divided:
        raise UsageError(f"{folder} has {', '.join(sorted(divided))} and no train folder: {EXPECTED}")
    if divided and "test" not in divided:
        raise UsageError(
            f"{folder} has a train folder and no test folder: {EXPECTED}; to have the train folder split by hashes, "
            f"name it: imagefolder:{divided['train']}"
        )
    return divided


def _beside(folder: Path, divided: dict[Part, Path]) -> list[str]:
    """The folders with pictures that are no part of a divided folder."""
    others = [path for path in _folders(folder) if path not in divided.values()]
    counts = {path.name: len(_files_below(path)[0]) for path in others}
    return [f"{name}{os.sep} (no part: {count} pictures)" for name, count in counts.items() if count]


def _loose_pictures(folder: Path, divided: dict[Part, Path]) -> list[str]:
    """The pictures that stand outside of every class."""
    return [
        f"{path.relative_to(folder)} (in no class folder)"
        for place in divided.values() or [folder]
        for path in sorted(place.iterdir())
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]


def _image_folder(folder: Path, kept: Sequence[tuple[_Row, Look]], bad: Sequence[str], *, divided: bool) -> ImageFolder:
    there = sorted({row.name for row, _ in kept})
    indices = {name: index for index, name in enumerate(there)}
    return ImageFolder(
        files=tuple(row.file for row, _ in kept),
        ids=tuple(row.file.relative_to(folder).as_posix() for row, _ in kept),
        digests=tuple(look.digest for _, look in kept),
        labels=tuple(indices[row.name] for row, _ in kept),
        classes=tuple(there),
        parts=tuple(row.part for row, _ in kept if row.part) if divided else None,
        left_out=tuple(sorted(bad)),
        tones=tones_of(look for _, look in kept),
    )


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _files_below(place: Path) -> tuple[list[Path], dict[Path, str]]:
    """The pictures below a class folder, linked folders included, and why other files there are none.

    A linked folder that leads back to where the walk has been is not entered again.
    """
    pictures: list[Path] = []
    others: dict[Path, str] = {}
    seen: set[Path] = set()
    for at, folders, names in os.walk(place, followlinks=True):
        here = Path(at).resolve()
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for path in (Path(at, name) for name in sorted(names) if not name.startswith(".")):
            suffix = path.suffix.lower()
            if not path.exists():
                others[path] = "a link that leads nowhere"
            elif suffix in SUFFIXES:
                pictures.append(path)
            elif suffix in PARTIAL:
                others[path] = "half-downloaded"
            elif suffix not in BESIDE:
                others[path] = "of a form that is not read: convert it to PNG or JPEG"
    return sorted(pictures), others


def _class_faults(folder: Path, divided: dict[Part, Path], classes: Sequence[str]) -> list[str]:
    """Classes without images in a part that needs them."""
    if not classes:
        return [f"no class folders: {EXPECTED}"]
    faults = []
    for part, place in (divided or {"train": folder}).items():
        empty = [name for name in classes if not any(_files_below(place / name))]
        if empty and part != "validation":
            faults.append(
                f"no images in {part} of the classes {listed(empty)}" if divided else f"no images in {listed(empty)}"
            )
    return faults


def _check_classes(folder: Path, rows: Sequence[_Row], kept: Sequence[_Row]) -> None:
    """Raises `UsageError` where what is left over is no task, or another one than the folder shows."""
    learned = {row.name for row in kept if row.part in {None, "train"}}
    lost = sorted({row.name for row in rows} - learned)
    if lost:
        raise UsageError(f"{folder}: no sound training image is left of {listed(lost)}: mend them, or remove the class")
    if len(learned) < 2:
        inner = [path for path in _folders(folder) if part_folders(path) or len(_folders(path)) > 1]
        deeper = f"; the classes seem to lie deeper: imagefolder:{inner[0]}" if inner else ""
        raise UsageError(
            f"{folder} has {len(learned)} class{'' if len(learned) == 1 else 'es'} with images: expected two or more"
            f"{deeper}"
        )


def _refuse(folder: Path, faults: list[str], bad: list[str], *, skip_bad: bool) -> None:
    """One `UsageError` for all faults; unreadable files and empty classes may be skipped."""
    told = list(faults)
    if bad:
        forms = Counter(Path(entry.partition(" (")[0]).suffix.lower() or "no ending" for entry in bad)
        by_form = ", ".join(f"{form} {count}" for form, count in forms.most_common())
        told.append(f"{len(bad)} files are no examples ({by_form}): {listed(sorted(bad))}")
    if told and not (skip_bad and faults[:1] != [f"no class folders: {EXPECTED}"]):
        raise UsageError(f"{folder}: " + "\n  ".join(["", *told, f"next: {SKIP}"]).lstrip("\n"))
