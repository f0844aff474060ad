"""The mark of what a process is at: which process, on which host, since when, where, and when it was last heard of.

A mark that outlives its process tells of a kill. On this host the process itself is looked for; of another host only
the heartbeat can tell, by the clocks of both.
"""

import dataclasses
import datetime as dt
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from ptmbench import stages
from ptmbench.errors import StoreError
from ptmbench.reading import content_of

HEARTBEAT_S = 30.0  # between two signs of life
SETTLED_S = 1.0  # a stage that has gone on for so long is worth a write
SILENCE_S = 300.0  # without one for so long, a process of another host is taken for dead
SINCE_BOOT = 19  # where the start time of a process stands in /proc/PID/stat, behind the name in brackets


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark says. `process_start` (clock ticks since boot) tells a process from a later one of its number.

    `digest` is that of the case, or of the settings of a run. `place` is the stage that the process is at; `killed_at`
    are the places at which processes were killed that ran the case before. `abandoned`: the process that ran the case
    is gone, though the one that made the mark lives. Times are seconds since the epoch. Marks of earlier versions have
    digest and process alone.
    """

    digest: str
    pid: Annotated[int, Field(gt=0)]
    host: str | None = None
    process_start: int | None = None
    started_at: float | None = None
    heartbeat: float | None = None
    place: str = ""
    killed_at: tuple[str, ...] = ()
    abandoned: bool = False

    def __str__(self) -> str:
        """Who runs the case, and since when, for a message."""
        host = "" if self.host is None else f" on {self.host}"
        if self.started_at is None:
            return f"process {self.pid}{host}"
        since = dt.datetime.fromtimestamp(self.started_at, dt.UTC).astimezone()
        return f"process {self.pid}{host} since {since.isoformat(sep=' ', timespec='seconds')}"

    def content(self) -> bytes:
        """The mark as it is written."""
        return json.dumps(dataclasses.asdict(self)).encode()

    def lives(self) -> bool:
        """Whether the process that made the mark is still at work, as far as can be told from here."""
        if self.abandoned:
            return False
        if self.host not in {None, socket.gethostname()}:
            return self.heartbeat is not None and time.time() - self.heartbeat < SILENCE_S
        if not _alive(self.pid):
            return False
        now = process_start(self.pid)
        return self.process_start is None or now is None or self.process_start == now

    @property
    def is_ours(self) -> bool:
        """Whether this very process made the mark."""
        return self.host in {None, socket.gethostname()} and self.pid == os.getpid()

    @property
    def kills(self) -> tuple[str, ...]:
        """Where processes were killed that ran this case, this one the last: for a mark whose process is dead."""
        return (*self.killed_at, self.place)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # or a number that no process has
        return False
    except OSError:
        return True
    return True


def process_start(pid: int) -> int | None:
    """When a process of this host started; None where the system does not say."""
    try:
        after_name = content_of(Path(f"/proc/{pid}/stat")).rpartition(b")")[2]  # a name may be any bytes
        return int(after_name.split()[SINCE_BOOT])
    except (OSError, ValueError, IndexError):
        return None


_MARK = TypeAdapter(Mark)


def mark_of_this_process(digest: str) -> Mark:
    """A mark for a case that this process begins now."""
    now = time.time()
    return Mark(digest, os.getpid(), socket.gethostname(), process_start(os.getpid()), now, now)


def read_mark(path: Path) -> Mark | None:
    """The mark in a file; None where there is none that can be read."""
    try:
        return _MARK.validate_json(content_of(path))
    except (OSError, ValidationError):
        return None


@contextmanager
def beating(mark: Mark, write: Callable[[bytes], None]) -> Iterator[None]:
    """Writes the mark now, and again with place and heartbeat at every new stage, and every so often, until the end."""
    ended, woken = threading.Event(), threading.Event()

    def beat() -> None:
        while True:
            woken.wait(HEARTBEAT_S)
            if ended.is_set():
                return
            woken.clear()
            if ended.wait(SETTLED_S):  # stages of a small case follow each other faster than a disk writes
                return
            with suppress(StoreError):  # a full disk is for the case itself to meet
                write(dataclasses.replace(mark, heartbeat=time.time(), place=stages.HERE.name).content())

    write(mark.content())
    heart = threading.Thread(target=beat, name="ptmbench-heartbeat", daemon=True)
    stages.HERE.changed.append(woken.set)
    heart.start()
    try:
        yield
    finally:
        stages.HERE.changed.remove(woken.set)
        ended.set()
        woken.set()
        heart.join()  # else it could write the mark again once it is taken away
