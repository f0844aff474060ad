"""Fixtures that the tests share."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ptmbench.catalog.settings import check_settings

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]

# Here and in every process that a test starts: features that an earlier run has kept would be neither computed nor
# timed, and a user's own cache is not for tests to fill. Tests of the cache set a folder of their own.
os.environ["PTMBENCH_CACHE"] = "off"
os.environ.pop("PTMBENCH_CACHE_LIMIT", None)

# Whole records are slow to draw, and the machine that draws them is noisy.
# In CI the examples are the same each time; elsewhere every run looks at others.
settings.register_profile(
    "ptmbench",
    deadline=None,
    max_examples=int(os.environ.get("PTMBENCH_EXAMPLES", "30")),
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("ptmbench")


@pytest.fixture(scope="session")
def bench():
    """A workbench at the smoke budget that measures no latency; shared, since it changes no figure."""
    from ptmbench.engine.workbench import Workbench

    return Workbench(check_settings(budget="smoke", device="cpu", measures_latency=False))


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """What a test starts knows nothing of the process that the test itself runs in: pytest-benchmark would stop."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)


def heed_interrupts():
    """Undoes what a background job inherits: with SIGINT ignored, Python would never raise KeyboardInterrupt."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start():
    """Starts a Python process that heeds Ctrl-C, however the tests themselves were started."""

    def run(*arguments, cwd):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([sys.executable, *arguments], cwd=cwd, preexec_fn=heed_interrupts, **pipes)

    return run


@pytest.fixture
def cli(tmp_path):
    """Runs `python -m ptmbench` in an empty folder and returns the finished process."""

    def run(*arguments, **options):
        command = [sys.executable, "-m", "ptmbench", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300, check=False, **options
        )

    return run


@pytest.fixture
def benchmarks(pytester, monkeypatch):
    """Runs the shipped benchmark files in a process of its own, in a folder without floors unless they are given."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(**{path.stem: path.read_text() for path in (ROOT / "benchmarks").glob("test_*.py")})
    pytester.makefile(".ini", pytest=(ROOT / "benchmarks" / "pytest.ini").read_text())

    def run(*arguments, floors=None):
        if floors is not None:
            pytester.path.joinpath("floors.toml").write_text(floors)
        return pytester.runpytest_subprocess(*arguments, timeout=300)

    return run
