"""Fixtures that the tests share."""

import gc
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from processes import Forge
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


def pytest_collection_finish():
    """Keeps the collector from looking at the frameworks again and again: that takes half a second each time."""
    gc.freeze()


def pytest_sessionfinish():
    """Gives back what was kept from the collector: some libraries complain at the end of what was never taken apart."""
    gc.unfreeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begins with what takes long, so that no process is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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


@pytest.fixture(scope="session")
def forge():
    """What starts processes that need not load the frameworks first; shared, since it keeps nothing of them."""
    found = Forge()
    yield found
    found.close()


@pytest.fixture
def cli(tmp_path, forge):
    """Runs `python -m ptmbench` in an empty folder and returns the finished process."""

    def run(*arguments):
        return forge.run("-m", "ptmbench", *map(str, arguments), cwd=tmp_path)

    return run


@pytest.fixture
def run_pytest(pytester, forge):
    """Runs pytest in pytester's folder, in a process of its own, and returns what pytester's own way to do so does."""
    loaded = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # what the forge has loaded is not rewritten

    def run(*arguments):
        began = time.monotonic()
        ran = forge.run("-m", "pytest", *loaded, *arguments, cwd=pytester.path)
        sys.stdout.write(ran.stdout)
        sys.stderr.write(ran.stderr)
        said = ran.stdout.splitlines(), ran.stderr.splitlines()
        return pytest.RunResult(pytest.ExitCode(ran.returncode), *said, time.monotonic() - began)

    return run


@pytest.fixture
def benchmarks(pytester, run_pytest):
    """Runs the shipped benchmark files in a process of its own, in a folder without floors unless they are given."""
    pytester.makepyfile(**{path.stem: path.read_text() for path in (ROOT / "benchmarks").glob("test_*.py")})
    pytester.makefile(".ini", pytest=(ROOT / "benchmarks" / "pytest.ini").read_text())

    def run(*arguments, floors=None):
        if floors is not None:
            pytester.path.joinpath("floors.toml").write_text(floors)
        return run_pytest(*arguments)

    return run
