"""Tests of the times that are taken once all cases are done."""

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import LATER, check_settings
from ptmbench.engine.workbench import Workbench
from ptmbench.running import session as session_module
from ptmbench.running.executors import ThisProcess
from ptmbench.running.quiet_phase import waits
from ptmbench.running.session import Session

PROBE, NEIGHBOURS, OTHER = (
    find_case(model, "digits_1shot", method)
    for model, method in (("pixels", "linear_probe"), ("pixels", "knn"), ("resnet_tiny.random", "knn"))
)
SETTINGS = check_settings(budget="smoke", device="cpu", threads=1, jobs=2)
CLOCKED = ("latency_s", "throughput_per_s", "throughput_batch_size")


@pytest.fixture(autouse=True)
def side_by_side(monkeypatch):
    """Has a worker in this process do what others would, so that no process need start."""

    class Beside:
        def __init__(self, settings, _count):
            self.worker = ThisProcess(Workbench(settings))

        def map(self, job, groups):
            return self.worker.map(job, groups)

    monkeypatch.setattr(session_module, "Processes", Beside)


def clocked(record):
    """What the clock tells of the record's network."""
    return [getattr(record.cost, name) for name in CLOCKED]


def finished(session, cases):
    """The records of cases that ran side by side, before anything was timed, and after, and what was told."""
    told = []
    before = list(session.run_all(cases))
    session.time_networks(told.append)
    return before, {record.case.id: record for record in session.finish()[0]}, told


def test_networks_are_timed_once_all_cases_are_done(tmp_path, monkeypatch):
    """Each network is measured once, in the process that has the store, and all its records get the same samples."""
    measured, timing = [], Workbench.timing

    def noted(self, case, classes, shape):
        measured.append(case.model.name)
        return timing(self, case, classes, shape)

    monkeypatch.setattr(Workbench, "timing", noted)
    with Session(SETTINGS, folder=tmp_path) as session:
        before, after, told = finished(session, [PROBE, NEIGHBOURS, OTHER])

    assert [True] * 3 == [waits(record) for record in before]
    assert ["pixels", "resnet_tiny.random"] == measured
    assert ["measuring the latency of 2 networks, nothing else running"] == told
    assert after[PROBE.id].cost.latency_s.samples == after[NEIGHBOURS.id].cost.latency_s.samples
    assert not [record for record in after.values() if None in clocked(record) or "cost.latency_s" in record.missing]
    assert [5] * 3 == [len(record.provenance.reference_s) for record in after.values()]
    assert {2} == {record.provenance.machine.jobs for record in after.values()}


def test_a_run_that_ended_before_is_timed_by_a_resume(tmp_path):
    """Records without times say so, and a resume measures them without running their cases again."""
    with Session(SETTINGS, folder=tmp_path) as killed:
        left = {record.case.id: record for record in killed.run_all([PROBE, OTHER])}
    with Session(SETTINGS, folder=tmp_path, resume=True) as session:
        _, after, _ = finished(session, [PROBE, OTHER])

    assert {LATER} == {record.missing["cost.latency_s"] for record in left.values()}
    assert {PROBE.id, OTHER.id} == session.reused
    assert not [record for record in after.values() if None in clocked(record)]
    assert [left[name].quality for name in sorted(left)] == [after[name].quality for name in sorted(after)]


def test_a_network_that_cannot_be_timed_costs_no_more_than_its_times(tmp_path, monkeypatch):
    """Whatever goes wrong while a network is measured is the reason why its records have no times."""

    def broken(_self, case, _classes, _shape):
        raise (MemoryError("no more") if case.model.random else SystemExit(7))

    monkeypatch.setattr(Workbench, "timing", broken)
    with Session(SETTINGS, folder=tmp_path) as session:
        _, after, _ = finished(session, [PROBE, OTHER])

    assert ["ok", "ok"] == [record.status for record in after.values()]
    assert "not measured: MemoryError: no more" == after[OTHER.id].missing["cost.latency_s"]
    assert "not measured: SystemExit: 7" == after[PROBE.id].missing["cost.throughput_per_s"]


def test_what_is_gone_is_left_alone(tmp_path):
    """A record that cannot be read any more stops nothing: what is wrong with it is told where records are read."""
    with Session(SETTINGS, folder=tmp_path) as session:
        list(session.run_all([PROBE, OTHER]))
        (tmp_path / f"{PROBE.id}.json").write_text("{")
        session.time_networks(lambda _told: None)
        other = session.store.read(OTHER.id)

    assert None not in clocked(other)


def test_a_run_case_by_case_has_nothing_to_wait_for(tmp_path, bench):
    """Cases that had the machine to themselves have their times at once, and nothing is told."""
    with Session(bench.settings, folder=tmp_path, _bench=bench) as session:
        before, after, told = finished(session, [PROBE])

    assert [] == told
    assert [False] == [waits(record) for record in before]
    assert before[0].cost == after[PROBE.id].cost
