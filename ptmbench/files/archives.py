"""Archives, unpacked with care: no member may lead out of the folder, and none is anything but a file or a folder."""

import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from ptmbench.errors import UsageError, listed

SMALL: Final = 2**30  # bytes that any archive may unpack to
RATIO: Final = 100  # larger ones to so many times their own size: text packs to a tenth, a bomb to a thousandth or less
BROKEN: Final = (  # what the standard library raises over an archive that is not whole
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
)
MEMBERS: Final = 10_000_000  # ImageNet has 1.4 million


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a tar (of any compression) or zip file into a folder, after all its members were looked at.

    Raises `UsageError`, and writes nothing, where a member has an absolute path, a `..` in it, or is a link or device,
    and where all of them together are far larger than the archive, or than the space that is left.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as found:
                _check_size(archive, folder, (entry.file_size for entry in found.infolist()))
                _refuse(archive, [entry.filename for entry in found.infolist() if _zip_fault(entry)])
                found.extractall(folder)  # noqa: S202  every member was looked at
            return
        with tarfile.open(archive) as found:
            _check_size(archive, folder, (entry.size for entry in found))  # before the rest of a bomb is unpacked
            _refuse(archive, [entry.name for entry in found.getmembers() if _tar_fault(entry)])
            _extract(found, folder)
    except BROKEN as error:
        raise UsageError(f"{archive} cannot be unpacked ({error}): it is no whole archive; fetch it again") from None
    except OSError as error:
        raise UsageError(f"{archive} cannot be unpacked into {folder}: {error.strerror or error}") from None
    except (RuntimeError, NotImplementedError) as error:  # a password, or a method that zipfile does not know
        raise UsageError(f"{archive} cannot be unpacked ({error}): unpack it by hand and name the folder") from None


def _check_size(archive: Path, folder: Path, sizes: Iterable[int]) -> None:
    """Raises `UsageError` at the first member with which the archive has unpacked to more than it may."""
    packed, unpacked = archive.stat().st_size, 0
    most, free = max(SMALL, RATIO * packed), shutil.disk_usage(_existing(folder)).free
    for number, size in enumerate(sizes, 1):
        unpacked += size
        if unpacked > most or number > MEMBERS:
            raise UsageError(
                f"{archive} was refused and nothing was unpacked: its {packed:,} bytes unpack to {unpacked:,} or more, "
                f"in {number:,} members or more; expected at most {most:,} bytes in {MEMBERS:,}. If it is "
                "what it should be, unpack it by hand and name the folder"
            )
        if unpacked > free:
            raise UsageError(
                f"{archive} was not unpacked: it needs {unpacked:,} bytes or more and {free:,} are free at {folder}; "
                "make room, or name another place"
            )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


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
