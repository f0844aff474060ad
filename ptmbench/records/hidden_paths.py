"""What of paths stands in records: names of files and data, and no folder that tells of a person or a project.

A path below the folder in which the run was started is kept from there on. Of any other absolute one the last name is
kept, behind six hex digits of its folder's sha256: `csv:/data/ada/secret/reviews.csv` is `csv:...4bd841/reviews.csv`,
so that data of one name in two folders stay apart. In texts, `.../` stands for the folders of any other absolute path.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

# An absolute path in a reference, up to what ends it there; in a text, where blanks and quotes end it, devices tell
# nothing, and `//` begins a host.
IN_REFERENCE: Final = re.compile(r"(?:(?<=[:=+@])|^)(?:(?:~[^/#?&=]*)?/[^#?&]*|[A-Za-z]:[\\/][^#?&]*)")
IN_TEXT: Final = re.compile(
    r"(?<![\w./~+-])(?:~[\w.-]*)?(?!/(?:dev|proc|sys)/)(?:/[^\s/'\"`,;:()<>\[\]{}|\\]+){2,}"
    r"|(?<!\w)[A-Za-z]:(?:\\{1,2}[^\s\\/'\"`,;:()<>\[\]{}|]+){2,}"
)
NOT_BEFORE: Final = {*"_./+-"}  # a slash behind one of these, a letter or a digit begins no path
HIDDEN: Final = re.compile(r"(?:^|[:=+@])\.\.\.[0-9a-f]{6}/")  # what stands for a folder in a reference
SEPARATOR: Final = re.compile(r"[\\/]")
REFERENCES: Final = {"reference", "dataset"}  # the fields of a record that hold one


def shown_reference(reference: str, start: Path | None = None) -> str:
    """A reference without the folders of its absolute paths, of which those below `start` are kept from there on."""
    return IN_REFERENCE.sub(lambda found: _shown(found[0], start), reference)


def shown_text(text: str, folders: Mapping[str, str] | None = None) -> str:
    """A text without folders: first those that are known, by what stands for each, then whatever looks like a path."""
    for folder, shown in (folders or {}).items():
        text = text.replace(folder, shown)
    return IN_TEXT.sub(lambda found: f".../{SEPARATOR.split(found[0])[-1]}", text)


def folders_of(references: Iterable[str], start: Path) -> dict[str, str]:
    """What stands for each folder that texts about these references may name, the longest first."""
    known = {f"{start}/": ""} if len(start.parts) > 2 else {}
    for reference in references:
        for path in IN_REFERENCE.findall(reference):
            shown = _shown(path, start).rpartition("/")[0]
            for form in (path, str(_expanded(path)), os.path.realpath(_expanded(path))):
                folder = form.rstrip("/").rpartition("/")[0]
                if folder.count("/") > 1 or folder.startswith("~"):
                    known.setdefault(f"{folder}/", f"{shown}/" if shown else "")
    return dict(sorted(known.items(), key=lambda pair: -len(pair[0])))


def without_folders(content: Any, start: Path | None = None, folders: Mapping[str, str] | None = None) -> Any:
    """Nested lists and dictionaries with their texts shown so; a reference by its own rule."""
    if isinstance(content, str):
        return shown_text(content, folders)
    if isinstance(content, Mapping):
        return {
            key: shown_reference(value, start)
            if key in REFERENCES and isinstance(value, str)
            else without_folders(value, start, folders)
            for key, value in content.items()
        }
    if isinstance(content, list | tuple):
        return [without_folders(value, start, folders) for value in content]
    return content


def may_tell_folders(written: str) -> bool:
    """Whether a record as JSON may hold what `without_folders` takes out: most do not, and are not looked through.

    Only slashes are looked at: the patterns over the whole text take three times as long as reading the record.
    """
    if "\\\\" in written:  # a backslash, as of a drive
        return True
    place = written.find("/")
    while place >= 0:
        before, after = written[place - 1 : place], written[place + 1 : place + 2]
        if after != "/" and not before.isalnum() and before not in NOT_BEFORE:
            return True
        place = written.find("/", place + 1)
    return False


def _expanded(path: str) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111  the method raises where there is no such person


def _shown(path: str, start: Path | None) -> str:
    """A path as it stands in a record."""
    whole = path.rstrip("/\\")
    if start and len(start.parts) > 2 and _expanded(whole).is_relative_to(start):
        return str(_expanded(whole).relative_to(start))
    *_, name = SEPARATOR.split(whole)
    folder = whole[: len(whole) - len(name)].rstrip("/\\")
    if not folder:
        return whole  # of one name: it tells no folder
    return f"...{hashlib.sha256(folder.encode(errors='surrogatepass')).hexdigest()[:6]}/{name}"
