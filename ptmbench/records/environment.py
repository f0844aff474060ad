"""What a record says of where it was made: versions, commit, machine."""

import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

from ptmbench.reading import text_of
from ptmbench.records.record import Machine

PACKAGES = ("torch", "torchvision", "transformers", "thop", "numpy", "scipy", "scikit-learn", "pytest-benchmark")
NO_GPU = "none"


@functools.cache
def packages() -> dict[str, str]:
    """Python's and the installed packages' versions, or "not installed"."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


@functools.cache
def commit() -> str:
    """The commit of the checkout this package runs from, "-dirty" when files differ; "unknown" outside one."""
    here = Path(__file__).parents[1]
    try:
        run = functools.partial(subprocess.run, cwd=here, capture_output=True, text=True, check=True, timeout=10)
        run(["git", "ls-files", "--error-unmatch", "__init__.py"])
        head = run(["git", "rev-parse", "--short=12", "HEAD"]).stdout.strip()
        changed = run(["git", "status", "--porcelain", "--untracked-files=no", "--", "."]).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{head}-dirty" if changed else head


@functools.cache
def cpu_name() -> str:
    """The processor's name as the system gives it."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", text_of(Path("/proc/cpuinfo")), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_given() -> int | None:
    """The threads of OMP_NUM_THREADS, where it holds a number that there can be: who set it shares the machine."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(given) if given.isascii() and given.isdigit() and 0 < int(given) <= cores() else None


def machine(gpu: str, threads: int, jobs: int = 1) -> Machine:
    """The machine as the record keeps it; the fingerprint covers all that speed depends on, not the host's name."""
    parts = [platform.system(), platform.machine(), cpu_name(), str(cores()), gpu]
    fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return Machine(fingerprint=fingerprint, cpu=cpu_name(), gpu=gpu, cores=cores(), threads=threads, jobs=jobs)
