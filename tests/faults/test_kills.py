"""Faults of disks and kills of processes: no finished record is ever lost, and a resume always completes.

A small run of two cases meets one fault: a file operation that fails, a kill before, behind or in the middle of one, a
folder that vanishes, a signal at some moment, another run beside it. A selection runs in the usual suite; all of them,
more than a thousand, with PTMBENCH_FAULTS=10000 (`tox -e faults`).
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ptmbench.records.store import ResultsFolder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ALL = int(os.environ.get("PTMBENCH_FAULTS", "500")) >= 10_000
WAYS = ("full", "failing", "before", "after", "torn", "vanishing")
MOMENTS = 150 if ALL else 4  # a signal
PAIRS = 60 if ALL else 3
ENDS = {0, 2, 130, -signal.SIGKILL}  # of a run that meets a fault; anything else is a fault of ptmbench


class Nursery:
    """The process that forks small runs."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        script = str(ROOT / "tests" / "nursery.py")
        self.process = subprocess.Popen([sys.executable, script], env=environment, text=True, **pipes)
        assert "ready\n" == self.process.stdout.readline()

    def order(self, results, **order):
        self.process.stdin.write(json.dumps({"results": str(results), **order}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def run(self, results, **order):
        self.order(results, **order)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def nursery():
    """One nursery for all tests here."""
    found = Nursery()
    yield found
    found.close()


@pytest.fixture(scope="module")
def other():
    """A second one, for runs beside each other."""
    found = Nursery()
    yield found
    found.close()


def told(record):
    """What a record says but for times: the same every time that the case is run."""
    return record.model_dump(include={"status", "reason", "case", "quality", "gain", "differences"})


def contents(results):
    """The records of a folder, by case, and the names of all its files; every record and its outcomes are readable."""
    folder = ResultsFolder(results)
    records, problems = folder.read_all()
    assert [] == problems
    for record in records:
        assert folder.estimate(record).value is not None
    files = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    return {record.case.id: told(record) for record in records}, files


@pytest.fixture(scope="module")
def undisturbed(nursery, tmp_path_factory):
    """What the run comes to when nothing happens, and how many file operations it takes: in an empty folder, and over
    older records of other outcomes.
    """
    fresh, older = (tmp_path_factory.mktemp("undisturbed") / name for name in ("fresh", "older"))
    first = nursery.run(fresh)
    assert 0 == nursery.run(older, seeds=2)["code"]
    kept = shutil.copytree(older, older.with_name("kept"))
    second = nursery.run(older)
    assert (0, 0) == (first["code"], second["code"]), (first, second)
    assert contents(fresh) == contents(older)
    return {"contents": contents(fresh), "older": kept, "fresh": first["count"], "over": second["count"]}


def held(nursery, undisturbed, results, before):
    """Holds a folder behind a fault against its promise: nothing lost, a resume completes, nothing is left over."""
    if results.exists():
        after, _ = contents(results)
        whole, _ = undisturbed["contents"]
        assert set(before) <= set(after)
        for case_id, record in after.items():
            assert record in (before.get(case_id), whole[case_id])
    resumed = nursery.run(results, resume=True)
    assert 0 == resumed["code"], resumed
    assert undisturbed["contents"] == contents(results)


def started(undisturbed, scenario, place):
    """A results folder as the scenario begins with, and the records in it."""
    shutil.rmtree(place, ignore_errors=True)
    if scenario == "fresh":
        return {}
    shutil.copytree(undisturbed["older"], place)
    return contents(place)[0]


@pytest.mark.parametrize("scenario", ["fresh", "over"])
def test_every_operation_may_go_wrong(nursery, undisturbed, tmp_path, scenario):
    """Whichever operation fails, or is the last before a kill: nothing is lost, and a resume completes."""
    counted, results = Counter(), tmp_path / "results"
    faults = [(way, number) for number in range(1, undisturbed[scenario] + 1) for way in WAYS]
    chosen = faults if ALL else random.Random(len(scenario)).sample(faults, 14)  # noqa: S311  a selection, no secret
    for way, number in chosen:
        before = started(undisturbed, scenario, results)
        found = nursery.run(results, way=way, number=number)
        assert found["code"] in ENDS, (way, number, found)
        if way == "vanishing":
            before = {}  # the folder went with all that was in it: a run that goes on has everything there at its end
            left = undisturbed[scenario] - number  # of operations, of which the last two take the run's own mark away
            assert found["code"] != 0 or left < 2 or undisturbed["contents"] == contents(results), (number, found)
        held(nursery, undisturbed, results, before)
        counted[way, found["code"]] += 1
    print(f"{scenario}: {len(chosen)} faults, 0 lost, 0 not completed; {dict(counted)}")  # noqa: T201  asked for
    assert len(chosen) == counted.total()


@pytest.mark.parametrize("asked", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_may_come_at_any_moment(nursery, undisturbed, tmp_path, asked):
    """A run that is killed, ended or interrupted at some moment loses nothing, and a resume completes."""
    counted, results, moments = Counter(), tmp_path / "results", random.Random(asked)  # noqa: S311  likewise
    for number in range(MOMENTS):
        before = started(undisturbed, ("fresh", "over")[number % 2], results)
        found = nursery.run(results, signal=int(asked), after_s=moments.uniform(0.0, 0.6))
        expected = {-int(asked), 0} if asked is signal.SIGKILL else {130, 0, -int(asked)}
        assert found["code"] in expected, found
        if found["code"] == 130:
            assert not list(results.glob("_running/*.json"))
        held(nursery, undisturbed, results, before)
        counted[found["code"]] += 1
    print(f"{asked.name}: {MOMENTS} signals, 0 lost, 0 not completed; exit codes {dict(counted)}")  # noqa: T201  asked for
    assert MOMENTS == counted.total()


def test_two_runs_of_one_folder(nursery, other, undisturbed, tmp_path):
    """Two resumes of the same settings share the cases; a run of other settings is refused; one may be killed."""
    counted, results, moments = Counter(), tmp_path / "results", random.Random(7)  # noqa: S311  likewise
    for number in range(PAIRS):
        before = started(undisturbed, ("fresh", "over")[number % 2], results)
        seeds = 1 + number % 3 // 2
        nursery.order(results, resume=True, signal=int(signal.SIGKILL), after_s=moments.uniform(0.05, 1.0))
        other.order(results, resume=True, seeds=seeds)
        codes = nursery.answer()["code"], other.answer()["code"]
        assert codes[0] in {0, 2, -signal.SIGKILL}, codes
        assert codes[1] in {0, 2}, codes
        contents(results)
        counted[codes] += 1
        resumed = nursery.run(results, resume=True)
        assert 0 == resumed["code"], resumed
        assert undisturbed["contents"] == contents(results)
        assert set(before) <= set(contents(results)[0])
    print(f"{PAIRS} pairs, 0 lost, 0 not completed; exit codes {dict(counted)}")  # noqa: T201  asked for
    assert PAIRS == counted.total()
