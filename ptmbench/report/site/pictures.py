"""Pictures of a case: checked to be what the record speaks of, and named by their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ptmbench.reading import content_of
from ptmbench.records.record import Outcomes
from ptmbench.records.sidecars import ATTRIBUTIONS
from ptmbench.records.store import ResultsFolder

PNG = b"\x89PNG\r\n\x1a\n"
FOLDER = "pictures"
OF_ANSWERS = "Test pictures with the truth, and what the case made of them"
OF_MAPS = (
    "Test pictures, with the outline of the object where it is known, beside maps of what speaks for the answer and "
    "maps that know no network: the darker, the more"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that the site holds; or, without content, why it does not hold it."""

    name: str
    content: bytes | None
    reason: str = ""

    @property
    def shows(self) -> str:
        """What is to be seen on it, in words."""
        return OF_MAPS if self.name.startswith(f"{ATTRIBUTIONS}/") else OF_ANSWERS

    @property
    def page(self) -> str:
        """Where it lies in the site; what a record calls its file is not taken over, since it may lead anywhere."""
        return f"{FOLDER}/{hashlib.sha256(self.content or b'').hexdigest()}.png"


def picture_of(folder: ResultsFolder, sheet: Outcomes) -> Picture:
    """The picture that a record names, if it lies inside the results folder and is unchanged."""
    home = folder.path.resolve()
    path = _inside(home, sheet.file)
    if path is None:
        return Picture(sheet.file, None, "it lies outside the results folder")
    try:
        content = content_of(path)
    except OSError as error:
        return Picture(sheet.file, None, f"it cannot be read: {error.strerror}")
    if hashlib.sha256(content).hexdigest() != sheet.sha256:
        return Picture(sheet.file, None, "it is not what the record speaks of: its sha256 differs")
    if not content.startswith(PNG):
        return Picture(sheet.file, None, "it is no PNG file")
    return Picture(sheet.file, content)


def _inside(home: Path, name: str) -> Path | None:
    """The file of that name below a folder, links followed; None where it leads out or is no name of a file."""
    try:
        path = (home / name).resolve()
    except (OSError, ValueError):
        return None
    return path if path.is_relative_to(home) else None
