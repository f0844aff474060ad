"""Tests of `ptmbench.running.session`: what becomes of cases that end well, badly, or not at all."""

import json
import os
import shutil
import time
from dataclasses import replace

import pytest

from ptmbench.catalog import checkpoint_cards
from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import LATER, check_settings
from ptmbench.engine import identity, runner
from ptmbench.engine.datasets.builtin import DATASETS
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.errors import Diverged, StoreError, TimedOut, Unavailable, UsageError, WeightsError
from ptmbench.records.marks import Mark, mark_of_this_process
from ptmbench.running.floors import Floor, Floors, complaint
from ptmbench.running.session import Session
from ptmbench.running.work import Fault, identify
from ptmbench.running.workers import WorkerLost

CASE = find_case("resnet_tiny.glyphs", "digits_1shot", "linear_probe")
OTHER = find_case("resnet_tiny.glyphs", "digits_1shot", "knn")


@pytest.fixture
def session(tmp_path, bench):
    """A session at the smoke budget over the shared workbench."""
    alone = replace(bench.settings, jobs=1)  # a busy machine forecasts long runs, and would run cases elsewhere
    return Session(alone, folder=tmp_path / "results", _bench=bench)


def again(session, **changes):
    """A new session over the same folder and workbench."""
    return replace(session, reused=set(), finished=[], written=set(), _store=None, _mark=None, **changes)


def failing(monkeypatch, error):
    """Lets every case fail by this error."""

    def fail(_bench, _prepared):
        raise error

    monkeypatch.setattr(runner, "run", fail)


def test_a_case_that_runs_is_ok_and_on_disk(session):
    """The record that comes back is the one on disk."""
    record = session.run(CASE)

    assert record.status == "ok"
    assert record == session.store.read(CASE.id)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (Diverged("the loss became nan at step 3 of 40"), "diverged", "the loss became nan at step 3 of 40"),
        (TimedOut("took longer than 1 s"), "timed_out", "took longer than 1 s"),
    ],
)
def test_a_case_that_fails_has_a_status_and_the_next_one_runs(session, monkeypatch, error, status, reason):
    """The status and the reason stand in the record, and the run goes on."""
    with monkeypatch.context() as patch:
        failing(patch, error)
        failed = session.run(CASE)

    assert (status, reason) == (failed.status, failed.reason)
    assert failed == session.store.read(CASE.id)
    assert session.run(OTHER).status == "ok"


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")])
def test_out_of_memory_is_a_status(session, monkeypatch, error):
    """Python's and torch's out-of-memory errors become a status, and the run goes on."""

    class Hungry:
        def seed(self, _seed):
            raise error

    prepared = replace(runner.prepare(session.bench, CASE), work=Hungry())
    with monkeypatch.context() as patch:
        patch.setattr(runner, "prepare", lambda _bench, _case: replace(prepared, case=CASE))
        record = session.run(CASE)

    assert record.status == "out_of_memory"
    assert record.reason.startswith("out of memory")
    assert session.run(OTHER).status == "ok"


def test_a_fault_of_ours_is_recorded_and_raised(session, monkeypatch):
    """A bug is not swallowed, and its case is marked as failed all the same."""
    with monkeypatch.context() as patch:
        failing(patch, ZeroDivisionError("oops"))
        with pytest.raises(Fault, match=r"(?s)^ZeroDivisionError: oops.*Traceback.* in fail"):
            session.run(CASE)

    assert session.store.read(CASE.id).reason == "ZeroDivisionError: oops"
    assert "ok" == session.run(CASE).status


def stumbling(honest, message):
    """A step of the engine that fails on the first case, and is as it was on others."""

    def stumble(bench, case):
        if case == CASE:
            raise ZeroDivisionError(message)
        return honest(bench, case)

    return stumble


def test_a_fault_of_ours_does_not_end_a_run_over_cases(session, monkeypatch):
    """A run over several cases records the bug, keeps its traceback, and goes on."""
    monkeypatch.setattr(runner, "prepare", stumbling(runner.prepare, "oops"))

    failed, ran = session.run_all([CASE, OTHER])

    assert ["failed", "ok"] == [failed.status, ran.status]
    assert [CASE.id, OTHER.id] == session.finished
    assert [CASE.id] == list(session.faults)
    assert "in stumble" in session.faults[CASE.id]


def test_the_control_of_a_model_that_cannot_be_loaded_is_not_run(session, monkeypatch):
    """It is skipped with the reason, at every method; alone, or beside a model that could be loaded, it runs."""
    control, scratch = (find_case("resnet_tiny.random", "digits_1shot", way) for way in ("knn", "from_scratch"))
    honest = runner.prepare

    def broken(bench, case):
        if case.model == CASE.model:
            raise WeightsError("its file is torn")
        return honest(bench, case)

    monkeypatch.setattr(runner, "prepare", broken)
    first, second, third = session.run_all([CASE, control, scratch])

    assert ("failed", "its file is torn") == (first.status, first.reason)
    assert ["skipped", "skipped"] == [second.status, third.status]
    assert (
        second.reason == "a control, not run: resnet_tiny.glyphs could not be loaded, and it would stand beside nothing"
    )
    assert "ok" == next(again(session, unloaded=set()).run_all([control])).status
    beside = find_case("resnet_tiny.glyphs_simclr", "digits_1shot", "knn")
    assert ["failed", "ok", "ok"] == [one.status for one in again(session).run_all([CASE, control, beside])]


def test_the_control_of_a_model_that_is_not_on_disk_is_not_run(session, monkeypatch):
    """Weights that are not there leave the control beside nothing, as weights that cannot be loaded do."""
    control, honest = find_case("resnet_tiny.random", "digits_1shot", "knn"), identity.identify

    def away(bench, case):
        if case.model == CASE.model:
            raise Unavailable("its weights are not on disk")
        return honest(bench, case)

    monkeypatch.setattr(identity, "identify", away)
    first, second = session.run_all([CASE, control])

    assert [("skipped", "its weights are not on disk"), "skipped"] == [(first.status, first.reason), second.status]
    assert "resnet_tiny.glyphs could not be loaded" in second.reason


def test_a_control_runs_where_its_model_did(session, monkeypatch):
    """A tokenizer that knows no word of one task's texts says nothing of the model on another task."""
    honest, tasks = runner.prepare, ("digits_1shot", "digits_5shot")

    def unfit(bench, case):
        if case.model == CASE.model and case.task == CASE.task:
            raise WeightsError("its tokenizer does not know these texts")
        return honest(bench, case)

    monkeypatch.setattr(runner, "prepare", unfit)
    cases = [find_case(model, task, "knn") for model in ("resnet_tiny.glyphs", "resnet_tiny.random") for task in tasks]

    assert ["failed", "ok", "skipped", "ok"] == [record.status for record in session.run_all(cases)]


def test_a_session_that_runs_ahead_hands_each_case_to_who_asks(session, monkeypatch):
    """Cases are asked for in any order; options that cannot be met are told to who asks for that case alone."""
    honest = runner.prepare

    def refuse(bench, case):
        if case == CASE:
            raise UsageError("no such option")
        return honest(bench, case)

    monkeypatch.setattr(runner, "prepare", refuse)

    session.plan([CASE, OTHER])
    with session.running_ahead([CASE, OTHER]):
        assert OTHER.id == session.run(OTHER).case.id
        with pytest.raises(UsageError, match="no such option"):
            session.run(CASE)

    assert [OTHER.id] == session.finished


def test_a_case_that_cannot_be_met_stops_no_other(session, monkeypatch):
    """Faulty options or data of one case are told once the others have run; alone they are the error."""
    honest = runner.prepare

    def refuse(bench, case):
        if case == CASE:
            raise UsageError("no such option")
        return honest(bench, case)

    monkeypatch.setattr(runner, "prepare", refuse)

    assert [OTHER.id] == [record.case.id for record in session.run_all([CASE, OTHER])]
    assert (["no such option"], [CASE.id]) == (session.refusals, list(session.refused))
    with pytest.raises(UsageError, match="no such option"):
        list(again(session, refused={}).run_all([CASE]))


def test_a_fault_while_data_is_read_is_kept_and_stops_no_other(session, monkeypatch):
    """Whatever reading the data of one case raises, its record says so and the others run."""
    monkeypatch.setattr(identity, "identify", stumbling(identity.identify, "in the reader"))
    failed, ran = session.run_all([CASE, OTHER])

    assert ("failed", "ZeroDivisionError: in the reader", "ok") == (failed.status, failed.reason, ran.status)
    assert "in stumble" in session.faults[CASE.id]


def test_nan_loss_diverges(tmp_path, bench, monkeypatch):
    """Images that are not numbers make the features diverge, and the status says so."""
    case = find_case("vgg_tiny.random", "digits_1shot", "from_scratch")
    encoded = bench.encoded(case)
    broken = replace(encoded, inputs=TensorInputs(encoded.inputs.tensor * float("nan")))
    session = Session(bench.settings, folder=tmp_path, _bench=bench)
    with monkeypatch.context() as patch:
        patch.setattr(type(bench), "encoded", lambda _self, _case: broken)
        record = session.run(case)

    assert record.status == "diverged"
    assert "the loss became nan" in record.reason


def test_resume_keeps_what_is_finished(session):
    """A resumed session takes the record as it stands and runs what is missing."""
    first = session.run(CASE)
    resumed = again(session, resume=True)

    kept, new = resumed.run(CASE), resumed.run(OTHER)

    assert first == kept
    assert {CASE.id} == resumed.reused
    assert new.status == "ok"


def test_resume_runs_what_is_stale(session):
    """A record of another digest is run again."""
    session.run(CASE)
    path = session.store.path / f"{CASE.id}.json"
    content = json.loads(path.read_text())
    content["case"]["digest"] = "0" * 64
    path.write_text(json.dumps(content))
    resumed = again(session, resume=True)

    record = resumed.run(CASE)

    assert set() == resumed.reused
    assert record.case.digest != "0" * 64


def test_resume_runs_what_lost_its_outcomes(session):
    """A record whose outcomes are gone is run again, and has them then."""
    record = session.run(CASE)
    (session.store.path / record.quality.outcomes.file).unlink()

    resumed = again(session, resume=True)

    assert resumed.run(CASE).status == "ok"
    assert resumed.store.is_whole(record)


def killed(session, kills):
    """Leaves the mark of a dead process that ran the case, after processes killed at these places, the last its own."""
    dead = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(dead, 0)
    digest = identity.identify(session.bench, CASE).digest
    mark = session.store.path / "_running" / f"{CASE.id}.json"
    mark.parent.mkdir(exist_ok=True)
    mark.write_bytes(Mark(digest, dead, place=kills[-1], killed_at=tuple(kills[:-1])).content())
    return mark


@pytest.mark.parametrize("kills", [["training"], ["training", "training"], ["training", "", "training"]])
def test_a_kill_is_no_verdict(session, kills):
    """A resume runs a case again whose process was killed, and nothing of the kill is left."""
    mark = killed(session, kills)

    record = again(session, resume=True).run(CASE)

    assert record.status == "ok"
    assert not mark.exists()


def test_a_case_killed_over_and_over_is_given_up(session):
    """After three kills at the same place the record says what is known, and the next resume goes on."""
    mark = killed(session, ["loading the model", "training", "training", "training"])

    first = again(session, resume=True)
    record = first.run(CASE)
    second = again(session, resume=True)

    assert record.status == "failed"
    assert "was killed 3 times at the same place (training)" in record.reason
    assert "without --resume" in record.reason
    assert not mark.exists()
    assert record == second.run(CASE)
    assert {CASE.id} == second.reused
    assert second.run(OTHER).status == "ok"


def test_a_kill_as_earlier_versions_recorded_it_is_no_verdict(session):
    """What an earlier version recorded as out of memory, after a single kill, is run again."""
    record = session.run(CASE)
    reason = "the process was killed while this case ran, most likely for want of memory; run it again without --resume"
    found = identity.identify(session.bench, CASE)
    kept = session.keep(session._unrun(CASE, found, "out_of_memory", reason))

    resumed = again(session, resume=True)

    assert kept.case.digest == record.case.digest
    assert resumed.run(CASE).status == "ok"


def test_a_run_that_lost_its_records_says_so(session):
    """A results folder that vanishes while cases run is an error, however many of them are there again."""
    session.run(CASE)
    shutil.rmtree(session.store.path)

    with pytest.raises(StoreError, match="is gone, and the records that this run had written"):
        session.run(OTHER)
    session.store.path.mkdir()
    with pytest.raises(StoreError, match=f"1 of the records that this run has written are gone .*{CASE.id}"):
        session.finish()


def test_a_case_that_takes_too_long_is_timed_out(tmp_path, bench, monkeypatch):
    """The timeout of the settings ends one case, not the run."""
    impatient = replace(bench.settings, timeout_s=0.2)
    session = Session(impatient, folder=tmp_path, _bench=type(bench)(impatient))
    with monkeypatch.context() as patch:
        patch.setattr(runner, "prepare", lambda _bench, _case: time.sleep(5))
        record = session.run(CASE)

    assert ("timed_out", "took longer than 0.2 s") == (record.status, record.reason)


def test_a_resume_leaves_a_case_to_the_run_that_is_at_it(session):
    """A case that another host is running is skipped with a reason that names it, and its mark and record are left."""
    found = identity.identify(session.bench, CASE)
    mark = session.store.path / "_running" / f"{CASE.id}.json"
    mark.parent.mkdir()
    other = replace(mark_of_this_process(found.digest), pid=1, host="elsewhere.example")
    mark.write_bytes(other.content())

    record = again(session, resume=True).run(CASE)

    assert "skipped" == record.status
    assert "process 1 on elsewhere.example since " in record.reason
    assert other.content() == mark.read_bytes()
    assert session.store.read(CASE.id) is None


def test_another_budget_is_refused_before_anything_runs(session):
    """A folder of another budget is refused when the session opens it."""
    session.run(CASE)
    other = Session(check_settings(budget="quick", device="cpu"), folder=session.folder)

    with pytest.raises(StoreError, match="holds records of smoke-cpu-fp32"):
        other.run(CASE)


def test_gains_are_filled_in_at_the_end(session):
    """A pre-trained case gets its gain once its partner from scratch is there, and the record says over whom."""
    session.run(CASE)
    session.run(find_case("resnet_tiny.random", "digits_1shot", "from_scratch"))

    records, problems = session.finish()

    gains = {record.case.id: record.gain for record in records}
    assert [] == problems
    assert gains[CASE.id].partner_id == "resnet_tiny.random-digits_1shot-from_scratch"
    assert gains["resnet_tiny.random-digits_1shot-from_scratch"] is None
    assert records == session.store.read_all()[0]


def test_without_a_partner_the_gain_says_why(session):
    """No partner, no gain, and a reason."""
    session.run(CASE)

    records, _ = session.finish()

    assert records[0].gain is None
    assert records[0].missing["gain"] == "the partner from scratch was not run"


def test_floors_hold_for_the_budgets_number_of_seeds(tmp_path):
    """With another number of seeds no floor is asserted, and the record says why; with the usual number it is."""
    case = find_case("pixels", "digits_1shot", "knn")
    floors = Floors("floors.toml", {"quick": {case.id: Floor(floor=0.99, tells=False)}}, {})
    for seeds, floor in ((2, None), (3, 0.99)):
        settings = check_settings(budget="quick", seeds=seeds, device="cpu", measures_latency=False)
        record = Session(settings, folder=tmp_path / str(seeds), floors=floors).run(case)

        assert floor == record.quality.floor
        assert (complaint(record, "floors.toml") is None) == (floor is None)
        if floor is None:
            assert record.missing["quality.floor"] == "the floors are for 3 seeds, and this run has 2"


def test_a_task_whose_data_cannot_be_had_is_skipped(tmp_path, bench, monkeypatch):
    """A data set that needs what is not installed skips its cases with the reason; the others run."""

    def missing():
        raise Unavailable("topic: sympy is not installed: pip install sympy")

    monkeypatch.setitem(DATASETS, "topic", missing)
    session = Session(bench.settings, folder=tmp_path, _bench=type(bench)(bench.settings))

    skipped, ran = session.run(find_case("tfidf", "topic_20shot", "knn")), session.run(CASE)

    assert ("skipped", "topic: sympy is not installed: pip install sympy") == (skipped.status, skipped.reason)
    assert "pip install sympy" in skipped.missing["case.task.split_sha256"]
    assert "ok" == ran.status


def test_a_control_whose_tokenizer_is_gone_fails_and_the_run_goes_on(tmp_path, bench, monkeypatch):
    """Without the checkpoint that lends its tokenizer a random control is a failed case, not the end of the run."""
    monkeypatch.setattr(checkpoint_cards, "ZOO", tmp_path / "empty")
    session = Session(bench.settings, folder=tmp_path / "out", _bench=type(bench)(bench.settings))

    failed = session.run(find_case("bert_tiny.random", "sentiment_50shot", "knn"))

    assert "failed" == failed.status
    assert "ptmbench pretrain bert_tiny.invented" in failed.reason
    assert "ok" == session.run(find_case("pixels", "digits_1shot", "knn")).status


CLOCKED = {"latency_s", "throughput_per_s", "throughput_batch_size"}
UNTIMED = {*CLOCKED, "train_time_s", "feature_time_s", "energy_j"}
SIDE_BY_SIDE = [
    find_case(model, "digits_1shot", method)
    for model, method in (
        ("pixels", "knn"),
        ("resnet_tiny.random", "from_scratch"),
        ("pixels", "linear_probe"),
        ("resnet_tiny.random", "knn"),
    )
]


def untimed(record):
    """What a record says of its case but for times: all that must not move."""
    kept = record.model_dump(exclude={"provenance", "missing", "cost"})
    return kept, record.cost.model_dump(exclude=UNTIMED)


@pytest.mark.slow
def test_cases_side_by_side_give_the_same_figures(tmp_path):
    """Two processes give to the last bit what one gives, on disk too; what only the whole machine tells they leave."""
    settings = {"budget": "smoke", "device": "cpu", "threads": 1}
    alone = Session(check_settings(**settings), folder=tmp_path / "alone")
    beside = Session(check_settings(**settings, jobs=2), folder=tmp_path / "beside")

    first = {record.case.id: record for record in alone.run_all(SIDE_BY_SIDE)}
    second = {record.case.id: record for record in beside.run_all(SIDE_BY_SIDE)}

    assert [case.id for case in SIDE_BY_SIDE] == list(first)
    assert {case_id: untimed(record) for case_id, record in first.items()} == {
        case_id: untimed(second[case_id]) for case_id in first
    }
    assert sorted(second.values(), key=lambda record: record.case.id) == beside.store.read_all()[0]
    assert [] == beside.store.writers()
    for case_id, record in second.items():
        assert {None} == {getattr(record.cost, name) for name in CLOCKED}
        assert LATER == record.missing["cost.latency_s"]
        assert [] == record.provenance.reference_s
        assert first[case_id].cost.latency_s is not None
        assert first[case_id].provenance.machine == record.provenance.machine.model_copy(update={"jobs": 1})
        assert 2 == record.provenance.machine.jobs


class Dying:
    """A worker whose process dies, at the first question or at the second."""

    def __init__(self, exit_code, identified=None):
        self.exit_code, self.identified = exit_code, identified

    def identify(self, _case):
        if self.identified is None:
            raise WorkerLost(self.exit_code)
        return self.identified

    def work(self, _case, _identity):
        raise WorkerLost(self.exit_code)


@pytest.mark.parametrize(
    ("exit_code", "status", "reason"),
    [
        (-9, "out_of_memory", "was killed, most likely for want of memory: run it again with fewer --jobs"),
        (-11, "failed", "ended by SIGSEGV"),
        (3, "failed", "ended with exit code 3"),
    ],
)
def test_a_process_that_dies_is_laid_to_its_case(session, exit_code, status, reason):
    """The case whose process died has a record with the reason, whether it ran or was only being read."""
    known = identify(session.bench, CASE)
    job = session._record

    ran, read = job(CASE, Dying(exit_code, known)), job(OTHER, Dying(exit_code))

    assert [status, status] == [ran.status, read.status]
    assert ran.reason.endswith(reason)
    assert known.identity.digest == ran.case.digest
    assert [] == session.store.writers()
    assert [CASE.id, OTHER.id] == session.finished
    assert ("",) == session.store.kills(CASE.id, known.identity.digest)
    assert again(session, resume=True).run(CASE).status == "ok"
