"""A user's own folders: which file belongs to which split and class, and what is wrong with them.

DIR/train/CLASS/*, DIR/test/CLASS/*, and if there is one DIR/val/CLASS/*; or DIR/CLASS/*, split by hashes. Where there
is a val folder and no test folder, val is the test part, as ImageNet users have it.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from PIL import Image

from ptmbench.errors import UsageError, listed
from ptmbench.files.splits import Part

PART_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "devel"), "validation"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}  # fmt: skip
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
PARTIAL = frozenset({".part", ".crdownload", ".download", ".tmp", ".aria2"})
READERS, AT_ONCE = 8, 1_000  # threads that read files to hash them, and files that wait for them
Given = TypeVar("Given")
Found = TypeVar("Found")
EXPECTED = "expected DIR/train/CLASS/*.png with DIR/test/CLASS/*.png, or DIR/CLASS/*.png"
SKIP = "mend or remove them, or go on without them: --skip-bad"


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """Image files with a class index and, where the folders say so, a part each; `left_out` names faulty files."""

    files: tuple[Path, ...]
    ids: tuple[str, ...]
    digests: tuple[bytes, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None
    left_out: tuple[str, ...]


def part_folders(folder: Path) -> dict[Part, Path]:
    """The folders of the parts, by their usual names; none where the folder is not divided."""
    found = {PART_NAMES[path.name.lower()]: path for path in _folders(folder) if path.name.lower() in PART_NAMES}
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    return {part: found[part] for part in get_args(Part) if part in found}


def read_image_folder(folder: Path, *, skip_bad: bool = False) -> ImageFolder:
    """Indexes the images of a folder: their bytes are hashed and looked over, and nothing is decoded.

    Raises `UsageError` with all faults; `skip_bad` leaves out unreadable files and empty classes instead.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: {EXPECTED}")
    divided = part_folders(folder)
    if divided and "train" not in divided:
        raise UsageError(f"{folder} has {', '.join(sorted(divided))} and no train folder: {EXPECTED}")
    if divided and "test" not in divided:
        raise UsageError(f"{folder} has a train folder and no test folder: {EXPECTED}")
    classes = sorted({path.name for place in divided.values() or [folder] for path in _folders(place)})
    rows: list[tuple[Path, str, Part | None]] = []
    faults, bad = _class_faults(folder, divided, classes), []
    for part, place in divided.items() or [(None, folder)]:
        for name in classes:
            found = _images(place / name)
            bad += [f"{path.relative_to(folder)} (half-downloaded)" for path in found if path.suffix in PARTIAL]
            rows += [(path, name, part) for path in found if path.suffix not in PARTIAL]
    digests, unreadable = whole_pictures([path for path, _, _ in rows])
    bad += [f"{path.relative_to(folder)} ({why})" for path, why in unreadable.items()]
    _refuse(folder, faults, bad, skip_bad=skip_bad)
    kept = [(row, digest) for row, digest in zip(rows, digests, strict=True) if row[0] not in unreadable]
    there = sorted({name for (_, name, _), _ in kept})
    _check_lost(folder, rows, [row for row, _ in kept])
    if len(there) < 2:
        raise UsageError(
            f"{folder} has {len(there)} class{'' if len(there) == 1 else 'es'} with images: expected two or more"
        )
    indices = {name: index for index, name in enumerate(there)}
    return ImageFolder(
        files=tuple(path for (path, _, _), _ in kept),
        ids=tuple(path.relative_to(folder).as_posix() for (path, _, _), _ in kept),
        digests=tuple(digest for _, digest in kept),
        labels=tuple(indices[name] for (_, name, _), _ in kept),
        classes=tuple(there),
        parts=tuple(part for (_, _, part), _ in kept if part) if divided else None,
        left_out=tuple(sorted(bad)),
    )


def _check_lost(
    folder: Path, rows: Sequence[tuple[Path, str, Part | None]], kept: Sequence[tuple[Path, str, Part | None]]
) -> None:
    """Raises `UsageError` where leaving out faulty files would take a class away, or all that it is learned from."""

    def learned(found: Sequence[tuple[Path, str, Part | None]]) -> set[str]:
        return {name for _, name, part in found if part in {None, "train"}}

    lost = {name for _, name, _ in rows} - {name for _, name, _ in kept} | learned(rows) - learned(kept)
    if lost:
        raise UsageError(
            f"{folder}: without the faulty files the classes {listed(sorted(lost))} have no image left to learn from: "
            "mend the files, or take the class out"
        )


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _images(place: Path) -> list[Path]:
    """Images below a class folder, and what a broken download left."""
    known = SUFFIXES | PARTIAL
    return sorted(path for path in place.rglob("*") if path.suffix.lower() in known and not path.name.startswith("."))


def _class_faults(folder: Path, divided: dict[Part, Path], classes: Sequence[str]) -> list[str]:
    """Classes without images in a part that needs them."""
    if not classes:
        return [f"no class folders: {EXPECTED}"]
    faults = []
    for part, place in (divided or {"train": folder}).items():
        empty = [name for name in classes if not _images(place / name)]
        if empty and part != "validation":
            faults.append(
                f"no images in {part} of the classes {listed(empty)}" if divided else f"no images in {listed(empty)}"
            )
    return faults


def in_threads(look: Callable[[Given], Found], entries: Sequence[Given]) -> list[Found]:
    """What `look` finds in each entry, some at a time: a future for each of 100,000 files would take 200 MB."""
    found: list[Found] = []
    with ThreadPoolExecutor(READERS) as readers:
        for start in range(0, len(entries), AT_ONCE):
            found += readers.map(look, entries[start : start + AT_ONCE])
    return found


def whole_pictures(files: Sequence[Path]) -> tuple[list[bytes], dict[Path, str]]:
    """The sha256 of each file, and why those that hold no whole picture do not."""
    seen = in_threads(_look_over, files)
    return [digest for digest, _ in seen], {path: why for path, (_, why) in zip(files, seen, strict=True) if why}


def _look_over(file: Path) -> tuple[bytes, str]:
    """sha256, and what is wrong with the file's header, checksums or end."""
    try:
        content = file.read_bytes()
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"
    digest = hashlib.sha256(content).digest()
    if not content:
        return digest, "empty"
    try:
        with Image.open(io.BytesIO(content)) as picture:
            form = picture.format
            picture.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return digest, "no picture that Pillow can read"
    if form == "JPEG" and b"\xff\xd9" not in content[-1024:]:
        return digest, "truncated"
    return digest, ""


def _refuse(folder: Path, faults: list[str], bad: list[str], *, skip_bad: bool) -> None:
    """One `UsageError` for all faults; unreadable files and empty classes may be skipped."""
    told = [*faults, *([f"{len(bad)} files are no whole pictures: {listed(sorted(bad))}"] if bad else [])]
    if told and not (skip_bad and faults[:1] != [f"no class folders: {EXPECTED}"]):
        raise UsageError(f"{folder}: " + "\n  ".join(["", *told, f"next: {SKIP}"]).lstrip("\n"))
