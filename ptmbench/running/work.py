"""The work of one case: it takes a case and gives back what came of it, and knows neither store nor floors.

What comes back is picklable, so that the work may be done in another process, or on another machine.
"""

from __future__ import annotations

import datetime as dt
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING

import ptmbench
from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import Case
from ptmbench.errors import (
    Diverged,
    OutOfMemory,
    PtmbenchError,
    StoreError,
    TimedOut,
    Unavailable,
    UsageError,
    WeightsError,
)
from ptmbench.records import environment
from ptmbench.records.measured import Identity, Missing, Result, Timing
from ptmbench.records.record import Provenance, Status
from ptmbench.running import machine_pace

if TYPE_CHECKING:
    from ptmbench.engine.device import Device
    from ptmbench.engine.workbench import Workbench


class Fault(Exception):
    """A bug of ptmbench that a case has met; `trace` is its traceback, from whichever process."""

    def __init__(self, reason: str, trace: str) -> None:
        super().__init__(f"{reason}\n\n{trace}")
        self.reason, self.trace = reason, trace


@dataclass(frozen=True, slots=True)
class Identified:
    """What a case is made of; `unavailable` says why it cannot run here, where it cannot.

    `trace` is the traceback of a fault of ptmbench that was met on the way.
    """

    identity: Identity
    unavailable: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A case that has ended, well or badly; `trace` is the traceback of a fault of ptmbench.

    `unloaded`: its model could not be loaded, so that no other case of it can run either. `note` is what a user should
    know of the run, and no record holds.
    """

    case: Case
    identity: Identity
    status: Status
    provenance: Provenance
    reason: str | None = None
    result: Result | None = None
    trace: str | None = None
    unloaded: bool = False
    note: str | None = None


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raises `TimedOut` inside the block once the seconds are over (by SIGALRM: main thread of a POSIX system)."""
    if seconds is None:
        yield
        return
    if not hasattr(signal, "SIGALRM"):
        raise UsageError("a timeout needs SIGALRM, which this system does not have: leave --timeout out")

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise TimedOut(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def status_of(error: PtmbenchError) -> Status:
    """The status that an error gives its case."""
    kinds: tuple[tuple[type[PtmbenchError], Status], ...] = (
        (Unavailable, "skipped"),
        (Diverged, "diverged"),
        (OutOfMemory, "out_of_memory"),
        (TimedOut, "timed_out"),
    )
    return next((status for kind, status in kinds if isinstance(error, kind)), "failed")


def identify(bench: Workbench, case: Case) -> Identified:
    """What the case is made of, read from the data and the sha256 of its weights."""
    from ptmbench.engine import identity

    try:
        return Identified(identity.identify(bench, case))
    except Unavailable as error:
        return unidentified(bench, case, str(error))
    except PtmbenchError:
        raise
    except Exception as error:  # noqa: BLE001  whatever the data of one task does, the others go on
        told = f"{type(error).__name__}: {error}"
        return replace(unidentified(bench, case, told), trace=traceback.format_exc())


def unidentified(bench: Workbench, case: Case, reason: str) -> Identified:
    """What is known of a case whose weights or data cannot be read."""
    from ptmbench.engine import identity

    return Identified(identity.identify_unavailable(bench, case, reason), reason)


def work(bench: Workbench, case: Case, identity: Identity | None = None) -> Finished:
    """Runs a case to its end; `identity` saves identifying it again.

    Every error of the case becomes its status. Raises `UsageError` and `StoreError`, which every other case would meet
    too.
    """
    started = time.perf_counter()
    if identity is None:
        found = identify(bench, case)
        identity = found.identity
        if found.unavailable is not None:
            status: Status = "skipped" if found.trace is None else "failed"
            ended = _provenance_since(bench, started)
            return Finished(case, identity, status, ended, found.unavailable, trace=found.trace)
    result, trace, unloaded = None, None, False
    status = "ok"
    reason: str | None = None
    try:
        with deadline(bench.settings.timeout_s):
            result = _result(bench, case)
    except (UsageError, StoreError):
        raise
    except PtmbenchError as error:
        status, reason, unloaded = status_of(error), str(error), isinstance(error, WeightsError)
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a case does, SystemExit too, the run goes on
        status, reason, trace = "failed", f"{type(error).__name__}: {error}", traceback.format_exc()
    ended = _provenance_since(bench, started)
    return Finished(case, identity, status, ended, reason, result, trace, unloaded, bench.note)


def _result(bench: Workbench, case: Case) -> Result:
    from ptmbench.engine import runner

    return runner.run(bench, runner.prepare(bench, case))


def time_network(bench: Workbench, case: Case, classes: int, shape: tuple[int, ...]) -> Timing:
    """How fast the case's network answers; where that cannot be measured, the reason.

    Args:
        bench: Whose process has the machine to itself.
        case: One of the cases that the network serves.
        classes: How many labels its head tells apart.
        shape: Of one input.
    """
    try:
        with deadline(bench.settings.timeout_s):
            return bench.timing(case, classes, shape)
    except PtmbenchError as error:
        why = Missing(f"not measured: {error}")
    except (Exception, SystemExit) as error:  # noqa: BLE001  the records stand, and lack no more than this
        why = Missing(f"not measured: {type(error).__name__}: {error}")
    return Timing(why, why, 0)


def _provenance_since(bench: Workbench, started: float) -> Provenance:
    return provenance_of(bench.settings, bench.device, time.perf_counter() - started)


def provenance_of(settings: RunSettings, device: Device, duration_s: float) -> Provenance:
    """What made a record here and now, at the end of work that took so long."""
    started = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=duration_s)
    return Provenance(
        ptmbench=ptmbench.__version__,
        commit=environment.commit(),
        packages=environment.packages(),
        machine=environment.machine(device.gpu, device.threads, settings.side_by_side),
        device=device.type,
        started_at=started.isoformat(timespec="seconds"),
        duration_s=duration_s,
        reference_s=[] if settings.untimed else list(machine_pace.seconds()),
    )
