"""A folder of files that can be made again: how many there are, how large they may be together, which one goes first.

FOLDER/features-SHA256.safetensors                     an entry: features
FOLDER/pictures-SHA256.rows                            an entry: decoded pictures
FOLDER/.features-SHA256.safetensors.PID.RANDOM.tmp     one that is being written

Only regular files of these names are counted or deleted: what else lies in the folder is somebody else's, and links are
not followed. Several processes may use a folder at once. A file that is gone when its turn comes was another one's to
delete; on POSIX systems whoever has it open keeps what it read.
"""

import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

KINDS: Final = {"features": "safetensors", "pictures": "rows"}
NAME: Final = "|".join(rf"{kind}-[0-9a-f]{{64}}\.{suffix}" for kind, suffix in KINDS.items())
ENTRY: Final = re.compile(NAME)
BEGUN: Final = re.compile(rf"\.(?:{NAME})\.\d+\.[0-9a-f]{{8}}\.tmp")
ABANDONED_S: Final = 3600.0  # no entry takes so long to write: its writer was killed
OF_THE_DISK: Final = 10  # of what is free or taken by entries, one part in so many is for entries
OF_THE_LIMIT: Final = 4  # an entry of more than one part in so many would drive too many others out


class CachedFile(NamedTuple):
    """A file of the cache: its size in bytes, and when it was last used."""

    path: Path
    size: int
    used: float


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """A folder and how many bytes its entries may take together; neither has to be there."""

    path: Path
    limit: int

    def file(self, sha256: str, kind: str = "features") -> Path:
        """Where the entry of that name lies, there or not."""
        return self.path / f"{kind}-{sha256}.{KINDS[kind]}"

    def entries(self) -> list[CachedFile]:
        """The entries, the least recently used first."""
        return sorted(self._files(ENTRY), key=lambda entry: entry.used)

    def _files(self, names: re.Pattern[str]) -> Iterator[CachedFile]:
        """The regular files of such names; none where there is no folder."""
        with suppress(OSError), os.scandir(self.path) as found:
            for entry in found:
                if not names.fullmatch(entry.name):
                    continue
                with suppress(OSError):
                    seen = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(seen.st_mode):
                        yield CachedFile(Path(entry.path), seen.st_size, seen.st_mtime)

    def room(self, held: int) -> int:
        """Bytes for all entries, of which there are `held`: the limit, or less where the disk is small or full.

        Raises:
            OSError: The folder is not there.
        """
        return min(self.limit, (held + shutil.disk_usage(self.path).free) // OF_THE_DISK)

    def make_room(self, size: int) -> bool:
        """Deletes what was not used for the longest time until an entry of that size fits in.

        Returns:
            Whether it fits; nothing is deleted for one that is too large.

        Raises:
            OSError: The folder cannot be made.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        entries = self.entries()
        held = sum(entry.size for entry in entries)
        room = self.room(held)
        if size > room // OF_THE_LIMIT:
            return False
        for entry in entries:
            if held + size <= room:
                break
            entry.path.unlink(missing_ok=True)
            held -= entry.size
        for begun in self._files(BEGUN):
            if time.time() - begun.used > ABANDONED_S:
                begun.path.unlink(missing_ok=True)
        return True

    def clear(self) -> list[CachedFile]:
        """Deletes all entries, whole or not; returns those that were deleted.

        Raises:
            OSError: One cannot be deleted.
        """
        gone = []
        for entry in (*self._files(ENTRY), *self._files(BEGUN)):
            with suppress(FileNotFoundError):
                entry.path.unlink()
                gone.append(entry)
        return gone


def touch(path: Path) -> None:
    """Notes that a file is used now, where that may be noted: the cache may be another user's."""
    with suppress(OSError):
        os.utime(path)
