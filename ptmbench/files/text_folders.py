"""Folders of texts, a folder a class: DIR/train/CLASS/*, DIR/test/CLASS/*, or DIR/CLASS/*, as pictures lie too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ptmbench.errors import UsageError, listed
from ptmbench.files.image_folders import SUFFIXES, part_folders
from ptmbench.files.labels import Labelled
from ptmbench.files.splits import Part
from ptmbench.reading import content_of

EXPECTED: Final = "expected DIR/train/CLASS/*.txt with DIR/test/CLASS/*.txt, or DIR/CLASS/*.txt"
UNLABELLED: Final = ("unsup", "unlabeled", "unlabelled")  # what large sets of reviews bring besides their classes


def text_rows(folder: Path, encoding: str) -> list[Labelled]:
    """Each file below a class folder as an example, or what is wrong with it.

    Args:
        folder: The folder of the parts, or of the classes.
        encoding: Of all files.

    Returns:
        The examples in the order of their paths.

    Raises:
        UsageError: Where there are no class folders, a part is missing, or one part lacks a class.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: {EXPECTED}")
    divided: dict[Part | None, Path] = dict(part_folders(folder).items())
    divided = divided or {None: folder}
    if None not in divided and not {"train", "test"} <= divided.keys():
        raise UsageError(f"{folder} has {listed([str(part) for part in divided])} alone: {EXPECTED}")
    classes = {part: {path.name for path in _folders(place)} for part, place in divided.items()}
    everywhere = set.union(*classes.values())
    if not everywhere:
        raise UsageError(f"{folder} has no class folders: {EXPECTED}")
    lacking = [
        f"{part} has no {name}" for part in divided if part != "validation" for name in everywhere - classes[part]
    ]
    if lacking:
        raise UsageError(f"{folder}: {listed(sorted(lacking))}: expected the same classes in training and test")
    return [row for part, place in divided.items() for row in _rows(folder, part, place, encoding)]


def _folders(place: Path) -> list[Path]:
    return sorted(
        path
        for path in place.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__")) and path.name not in UNLABELLED
    )


def _rows(folder: Path, part: Part | None, place: Path, encoding: str) -> Iterator[Labelled]:
    for kind in _folders(place):
        for file in sorted(path for path in kind.rglob("*") if path.is_file() and not path.name.startswith(".")):
            text, fault = _read(file, encoding)
            name = file.relative_to(folder).as_posix()
            yield Labelled(part, name, str(file), (text,), kind.name, fault)


def _read(file: Path, encoding: str) -> tuple[str, str]:
    """The text of a file, and what is wrong with it."""
    if file.suffix.lower() in SUFFIXES:
        return "", "a picture: imagefolder:DIR reads pictures"
    try:
        text = content_of(file).decode(encoding).strip()
    except (OSError, ValueError, LookupError) as error:
        return "", f"cannot be read as {encoding}: {error}; name the encoding: ?encoding=latin-1"
    if "\0" in text:
        return "", "no text: it holds the character NUL"
    return text, "" if text else "the text is empty"
