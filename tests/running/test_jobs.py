"""Tests of how many cases run side by side where nobody has said."""

from dataclasses import replace

import pytest

from ptmbench.catalog.cases import product
from ptmbench.catalog.settings import check_settings
from ptmbench.running import jobs

CASES = product()
QUICK = check_settings(device="cpu")
FEW = [case for case in CASES if case.model.name == "pixels" and case.task.name in {"digits_1shot", "digits_5shot"}]
OWN = [replace(case, task=replace(case.task, dataset="csv:own.csv")) for case in CASES]


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine of four cores and 32 GiB, on which nobody has said how many threads to take."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(jobs, "cores", lambda: 4)
    monkeypatch.setattr(jobs, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(jobs, "MEMORY", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal: 40000000 kB\nMemAvailable: 33554432 kB\n")
    return tmp_path


def planned(settings=QUICK, cases=CASES, device="cpu"):
    """Jobs and threads of a run."""
    found = jobs.settled(settings, cases, device)
    return found.jobs, found.threads


def test_the_embedded_matrix_takes_every_core():
    """As many cases run side by side as there are cores, on one thread each."""
    assert (4, 1) == planned()


def test_a_case_has_as_many_threads_alone_as_in_the_matrix():
    """A short run stays in one process, on one thread: threads move last digits, and a selection must not."""
    assert (1, 1) == planned(cases=FEW)


@pytest.mark.parametrize("settings", [check_settings(device="cpu", jobs=3), check_settings(device="cpu", jobs=1)])
def test_jobs_that_were_asked_for_stand(settings):
    """Whoever says how many cases are to run side by side has it so."""
    assert (settings.jobs, 1) == planned(settings)


def test_own_data_and_other_models_run_one_by_one_on_all_cores():
    """What may be large in weights or data has the machine to itself, unless several jobs share its cores."""
    assert (1, None) == planned(cases=OWN)
    assert (2, 2) == planned(replace(QUICK, jobs=2), cases=OWN)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_is_not_shared(device):
    """On an accelerator cases run one by one."""
    assert (1, None) == planned(device=device)


def test_whoever_says_threads_shares_the_machine(monkeypatch):
    """A number of threads, on the command line or in the environment, is all that the run takes."""
    assert (1, 2) == planned(replace(QUICK, threads=2))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert (1, None) == planned()
    for nothing in ("", "many", "0"):
        monkeypatch.setenv("OMP_NUM_THREADS", nothing)
        assert (4, 1) == planned()


@pytest.mark.parametrize(
    ("quota", "available", "expected"),
    [
        ("200000 100000", "33554432 kB", 2),  # a container of two cores' time
        ("50000 100000", "33554432 kB", 1),
        ("max 100000", "33554432 kB", 4),
        ("what", "33554432 kB", 4),
        ("max 100000", "5000000 kB", 2),  # 4.8 GiB
        ("max 100000", "1000000 kB", 1),
        ("max 100000", "unknown", 4),
    ],
)
def test_a_container_and_memory_set_limits(machine, quota, available, expected):
    """A container's share of the cores and the memory that is free bound the processes; odd files bound nothing."""
    (machine / "cpu.max").write_text(f"{quota}\n")
    (machine / "meminfo").write_text(f"MemAvailable: {available}\n")

    assert expected == planned()[0]
