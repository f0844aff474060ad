"""How many cases run side by side, and on how many threads each, where nobody has said.

Networks as small as the embedded ones gain little from a second thread: two processes of one thread each do the matrix
at `quick` in 464 s, where one process of two threads takes 751. What people bring may be large in weights and data, so
it runs case by case, on all cores.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.sizes import parts_of
from ptmbench.catalog.spec import Case
from ptmbench.reading import text_of
from ptmbench.records.environment import cores, threads_given
from ptmbench.running.executors import groups_of
from ptmbench.running.forecast import forecast

WORTH_S: Final = 30.0  # a shorter run is over before a second process has imported the frameworks
PROCESS_BYTES: Final = 2 * 2**30  # of a worker: one held 1.8 GB in the matrix at `quick`
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # what a container may use, in microseconds a period
MEMORY = Path("/proc/meminfo")


def embedded(case: Case) -> bool:
    """Whether the case's model and data both ship with ptmbench, and so are known to be small."""
    return case.model.embedded and parts_of(case.task) is not None


def settled(settings: RunSettings, cases: Sequence[Case], device: str) -> RunSettings:
    """The settings with a number of jobs and, for the embedded models, of threads.

    Args:
        settings: The run's; what a user has said stands.
        cases: All cases of the run.
        device: What the run's device turned out to be.

    Returns:
        Settings whose `jobs` is a number. Threads depend on the kind of cases alone and never on how many there are, so
        that a case gives the same figures by itself and in a matrix.
    """
    said = settings.threads is not None or threads_given() is not None
    small = device == "cpu" and all(map(embedded, cases))
    if not said:
        shared = max(1, cores() // settings.jobs) if settings.jobs and settings.jobs > 1 else None
        settings = replace(settings, threads=1 if small else shared)
    if settings.jobs is not None:
        return settings
    alone = replace(settings, jobs=1)
    if said or not small or len(groups_of(cases)) < 2 or _room() < 2:
        return alone
    if (forecast(cases, alone).total_s() or 0.0) < WORTH_S:
        return alone
    return replace(settings, jobs=min(_room(), len(groups_of(cases))))


def _room() -> int:
    """How many processes of one thread this machine has cores and free memory for."""
    return max(1, int(min(_cores_given(), _free_bytes() / PROCESS_BYTES)))


def _cores_given() -> float:
    """The cores this process may use, a container's quota of their time taken into account."""
    try:
        quota, period = text_of(QUOTA).split()
        return min(float(cores()), int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max"
        return float(cores())


def _free_bytes() -> float:
    """Memory that can be had without swapping, in bytes; infinite on a system that does not say."""
    try:
        lines = dict(line.split(":", 1) for line in text_of(MEMORY).splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024.0
    except (OSError, ValueError, KeyError, IndexError):
        return float("inf")
