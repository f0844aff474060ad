"""Archives, unpacked with care: no member may lead out of the folder, and none is anything but a file or a folder."""

import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from ptmbench.errors import UsageError, listed


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a tar (of any compression) or zip file into a folder, after all its members were looked at.

    Raises `UsageError`, and writes nothing, where a member has an absolute path, a `..` in it, or is a link or device.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as found:
                _refuse(archive, [entry.filename for entry in found.infolist() if _zip_fault(entry)])
                found.extractall(folder)  # noqa: S202  every member was looked at
            return
        with tarfile.open(archive) as found:
            _refuse(archive, [entry.name for entry in found.getmembers() if _tar_fault(entry)])
            _extract(found, folder)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise UsageError(f"{archive} cannot be unpacked ({error}): it is no whole archive; fetch it again") from None


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Python's own filter on top, where there is one: 3.11.4 brought it, and 3.11.0 to 3.11.3 do without."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
    else:
        archive.extractall(folder)  # noqa: S202  every member was looked at


def leads_out(name: str) -> bool:
    """Whether a member's path is absolute, on POSIX or Windows, or has a `..` in it."""
    paths = PurePosixPath(name), PureWindowsPath(name)
    return any(path.is_absolute() or path.drive or ".." in path.parts for path in paths) or name.startswith(("/", "\\"))


def _zip_fault(entry: zipfile.ZipInfo) -> bool:
    return leads_out(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16)


def _tar_fault(entry: tarfile.TarInfo) -> bool:
    return leads_out(entry.name) or not (entry.isfile() or entry.isdir())


def _refuse(archive: Path, members: list[str]) -> None:
    if members:
        raise UsageError(
            f"{archive} was refused and nothing was unpacked: {len(members)} members lead out of the folder or are "
            f"links: {listed(sorted(members))}"
        )
