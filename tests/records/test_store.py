"""Tests of `ptmbench.records.store`."""

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ptmbench.errors import RecordError, StoreError
from ptmbench.records.marks import SILENCE_S, mark_of_this_process
from ptmbench.records.measured import Answers
from ptmbench.records.record import Outcomes
from ptmbench.records.record_json import to_json
from ptmbench.records.store import FolderKey, ResultsFolder, read_folders
from sites import QUICK
from strategies import records

KEY = FolderKey("quick", "cpu", "fp32")


def answers(predictions, truth):
    """Answers of one seed with these predictions."""
    return Answers(
        seeds=(0,),
        outcomes={"predictions": np.array([predictions]), "truth": np.array(truth)},
        test_ids=tuple(f"s/{index}" for index in range(len(truth))),
        metric="top1_accuracy",
        higher_is_better=True,
        values=(0.5,),
        train_values=(1.0,),
        others={},
    )


@given(records())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_what_is_written_is_read_again(tmp_path, record):
    """A record comes back from its folder as it went in."""
    folder = ResultsFolder(tmp_path)

    folder.write(record)

    assert record == folder.read(record.case.id)


def test_there_may_be_no_record(tmp_path):
    """A case that never ran has no record."""
    assert ResultsFolder(tmp_path).read("a-b-c") is None


def test_a_folder_holds_one_budget_device_and_precision(tmp_path):
    """Another key is refused, naming both and what to type."""
    ResultsFolder(tmp_path).open_for(KEY)
    ResultsFolder(tmp_path).open_for(KEY)

    with pytest.raises(StoreError, match=r"holds records of quick-cpu-fp32.*makes standard-cpu-fp32.*--results"):
        ResultsFolder(tmp_path).open_for(FolderKey("standard", "cpu", "fp32"))


def test_an_unwritable_folder_is_named(tmp_path):
    """A results folder below a file cannot be written, and the message says so."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"cannot be written|expected a folder"):
        ResultsFolder(tmp_path / "file").open_for(KEY)


def test_a_corrupt_record_is_named_and_left_alone(tmp_path):
    """A truncated record is a problem line; the others are read and the file is untouched."""
    folder = ResultsFolder(tmp_path)
    folder.open_for(KEY)
    (tmp_path / "bad-one-x.json").write_text('{"schema_version": 1, "budg')

    found, problems = folder.read_all()

    assert [] == found
    assert len(problems) == 1
    assert "bad-one-x.json is not a ptmbench record" in problems[0]
    assert (tmp_path / "bad-one-x.json").read_text() == '{"schema_version": 1, "budg'


@given(records())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5)
def test_a_record_under_another_name_is_a_problem(tmp_path, record):
    """The file name is the case id."""
    (tmp_path / "other.json").write_text(to_json(record))

    found, problems = ResultsFolder(tmp_path).read_all()

    assert [] == found
    assert f"expected the file {record.case.id}.json" in problems[0]


@given(records())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5)
def test_writing_over_what_is_no_record_keeps_it(tmp_path, record):
    """Nothing is lost: an unreadable file in a record's place is kept beside it."""
    path = tmp_path / f"{record.case.id}.json"
    path.write_text("my notes")

    ResultsFolder(tmp_path).write(record)

    assert path.with_name(path.name + ".unreadable").read_text() == "my notes"
    assert record == ResultsFolder(tmp_path).read(record.case.id)


def test_outcomes_are_held_against_their_sha256(tmp_path):
    """Equal answers give equal files; a changed file is refused."""
    folder = ResultsFolder(tmp_path)
    first, second = (finished(folder, case_id, [0, 1, 1]) for case_id in ("a-b-c", "a-b-d"))

    assert first.quality.outcomes.sha256 == second.quality.outcomes.sha256
    assert [[1, 1, 0]] == folder.estimate(first).effects.tolist()

    (tmp_path / "outcomes" / "a-b-c.npz").write_bytes(b"")
    with pytest.raises(RecordError, match="is not what its record speaks of"):
        ResultsFolder(tmp_path).estimate(first)


def test_a_mark_goes_when_the_block_ends(tmp_path):
    """A case that ends, well or by an error, leaves no mark."""
    folder = ResultsFolder(tmp_path)
    with pytest.raises(KeyError), folder.running("a-b-c", "d"):
        assert (tmp_path / "_running" / "a-b-c.json").exists()
        raise KeyError

    assert () == folder.kills("a-b-c", "d")
    assert not (tmp_path / "_running" / "a-b-c.json").exists()


def test_a_kill_leaves_a_mark_for_its_case(tmp_path):
    """A process killed inside the block leaves a mark, which says where; it counts for the same digest only."""
    code = (
        "import os, pathlib, signal, sys\n"
        "from ptmbench.records.store import ResultsFolder\n"
        f"folder = ResultsFolder(pathlib.Path({str(tmp_path)!r}))\n"
        "with folder.running('a-b-c', 'd', folder.kills('a-b-c', 'd')):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    folder = ResultsFolder(tmp_path)
    for count in (1, 2):
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
        assert ("",) * count == folder.kills("a-b-c", "d")

    assert () == folder.kills("a-b-c", "other")


def test_a_mark_of_a_living_process_is_no_kill(tmp_path):
    """Another run at work in the folder is not taken for a dead one."""
    mark = tmp_path / "_running" / "a-b-c.json"
    mark.parent.mkdir()
    mark.write_text(json.dumps({"digest": "d", "pid": os.getpid()}))

    assert () == ResultsFolder(tmp_path).kills("a-b-c", "d")


def test_a_mark_of_a_living_host_is_no_kill(tmp_path):
    """A case whose host was heard of a moment ago is being run, and its mark is left; silence tells of a kill."""
    path = tmp_path / "_running" / "a-b-c.json"
    path.parent.mkdir()
    elsewhere = replace(mark_of_this_process("d"), host="elsewhere.example")
    silent = replace(elsewhere, heartbeat=elsewhere.heartbeat - SILENCE_S - 1)
    folder = ResultsFolder(tmp_path)
    path.write_bytes(elsewhere.content())

    assert () == folder.kills("a-b-c", "d")
    assert elsewhere == folder.run_by("a-b-c")
    assert [elsewhere] == folder.writers()

    path.write_bytes(silent.content())

    assert folder.run_by("a-b-c") is None
    assert [] == folder.writers()
    assert ("",) == folder.kills("a-b-c", "d")


def test_a_running_case_names_its_process(tmp_path):
    """While a case runs, its mark tells of this process on this host."""
    folder = ResultsFolder(tmp_path)

    with folder.running("a-b-c", "d"):
        found = folder.run_by("a-b-c")

    assert (os.getpid(), socket.gethostname(), "d") == (found.pid, found.host, found.digest)


@pytest.mark.parametrize("content", ["", "[]", "[" * 100_000, '{"budget": "quick"}'])
def test_a_broken_folder_file_is_named(tmp_path, content):
    """A folder file that cannot be read is a message, not a traceback."""
    (tmp_path / "_folder.json").write_text(content)

    with pytest.raises(StoreError, match=r"_folder\.json cannot be read"):
        ResultsFolder(tmp_path).key()


def test_what_is_no_results_folder_is_refused(tmp_path):
    """A report over an empty or a missing folder says what it expected."""
    with pytest.raises(StoreError, match="holds no records"):
        read_folders([tmp_path])
    with pytest.raises(StoreError, match="is not a folder"):
        read_folders([tmp_path / "nowhere"])


@given(records())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
def test_a_model_may_be_named_like_a_file_of_ours(tmp_path, record):
    """A record whose id begins with an underscore, or is named like a folder of ours, is read like any other."""
    folder = ResultsFolder(tmp_path)
    folder.open_for(KEY)
    for name in ("_mine", "_folder", "_running", "outcomes"):
        case_id = f"{name}-task-knn"
        folder.write(record.model_copy(update={"case": record.case.model_copy(update={"id": case_id})}))

    found, problems = ResultsFolder(tmp_path).read_all()

    assert [] == problems
    assert {"_mine-task-knn", "_folder-task-knn", "_running-task-knn", "outcomes-task-knn"} <= {
        entry.case.id for entry in found
    }


def finished(folder, case_id, predictions):
    """A committed record under this id, with outcomes of these predictions, which are written."""
    record = ResultsFolder(QUICK).read("resnet_tiny.glyphs-digits_5shot-knn")
    outcomes = folder.write_outcomes(case_id, answers(predictions, [0, 1, 2]))
    quality = record.quality.model_copy(update={"outcomes": outcomes, "seeds": record.quality.seeds[:1]})
    task = record.case.task.model_copy(update={"test_size": 3})
    case = record.case.model_copy(update={"id": case_id, "task": task})
    return record.model_copy(update={"case": case, "quality": quality})


def test_a_kill_between_sidecar_and_record_loses_nothing(tmp_path):
    """The record that stands keeps its outcomes until the newer record is on disk, and gets them back."""
    folder = ResultsFolder(tmp_path)
    folder.open_for(KEY)
    record = finished(folder, "a-b-c", [0, 1, 1])
    folder.write(record)
    before = folder.estimate(record)

    finished(folder, "a-b-c", [0, 0, 0])  # killed before its record was written
    again = ResultsFolder(tmp_path)

    assert before.effects.tolist() == again.estimate(record).effects.tolist()
    again.open_for(KEY)
    assert before.effects.tolist() == ResultsFolder(tmp_path).estimate(record).effects.tolist()
    assert ["a-b-c.npz"] == [path.name for path in (tmp_path / "outcomes").iterdir()]


def test_a_replaced_record_leaves_nothing_of_the_older(tmp_path):
    """Once the newer record is on disk, its outcomes alone are there; so they are after a kill just behind it."""
    folder = ResultsFolder(tmp_path)
    folder.open_for(KEY)
    folder.write(finished(folder, "a-b-c", [0, 1, 1]))
    newer = finished(folder, "a-b-c", [0, 0, 0])
    (tmp_path / "kept").write_bytes((tmp_path / "outcomes" / "a-b-c.npz~").read_bytes())
    folder.write(newer)
    assert ["a-b-c.npz"] == [path.name for path in (tmp_path / "outcomes").iterdir()]

    (tmp_path / "kept").rename(tmp_path / "outcomes" / "a-b-c.npz~")
    ResultsFolder(tmp_path).open_for(KEY)

    assert ["a-b-c.npz"] == [path.name for path in (tmp_path / "outcomes").iterdir()]
    assert newer.quality.outcomes.sha256 == folder.read("a-b-c").quality.outcomes.sha256


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path):
    """What was opened and has vanished is an error, and nothing is written."""
    folder = ResultsFolder(tmp_path / "results")
    folder.open_for(KEY)
    (tmp_path / "results" / "_folder.json").unlink()
    (tmp_path / "results").rmdir()

    with pytest.raises(StoreError, match="is gone, and the records that this run had written with it"):
        folder.write_outcomes("a-b-c", answers([0], [0]))

    assert [] == list(tmp_path.iterdir())


def garbage(case, name):
    """Bytes of a sidecar that no run could have written."""
    good = {"seeds": np.array([0]), "predictions": np.array([[0, 1, 1]]), "truth": np.array([0, 1, 2])}
    changed = {
        "other seeds": {"seeds": np.array([7])},
        "words for seeds": {"seeds": np.array(["x"])},
        "fewer examples": {"predictions": np.array([[0, 1]]), "truth": np.array([0, 1])},
        "another shape": {"predictions": np.zeros((2, 2, 2))},
        "objects": {"truth": np.array([{}, {}, {}], dtype=object)},
    }
    if name in {"no archive", "cut"}:
        return b"no archive" if name == "no archive" else case[:-40]
    buffer = io.BytesIO()
    arrays = {"x": good["seeds"]} if name == "no array of ours" else {**good, **changed[name]}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        *("no archive", "cut", "no array of ours", "other seeds", "words for seeds", "fewer examples"),
        *("another shape", "objects"),
    ],
)
def test_outcomes_of_the_right_digest_may_hold_nonsense(tmp_path, name):
    """A sidecar that is what its record speaks of, and nonsense, is a fault that names the file, not a traceback."""
    folder = ResultsFolder(tmp_path)
    folder.open_for(KEY)
    record = finished(folder, "a-b-c", [0, 1, 1])
    whole = tmp_path / "outcomes" / "a-b-c.npz"
    content = garbage(whole.read_bytes(), name)
    outcomes = Outcomes(file="outcomes/a-b-c.npz", sha256=hashlib.sha256(content).hexdigest())
    assert folder.estimate(record).examples == 3

    whole.write_bytes(content)
    record = record.model_copy(update={"quality": record.quality.model_copy(update={"outcomes": outcomes})})

    with pytest.raises(RecordError, match=r"a-b-c\.npz (holds no outcomes|is not of its record): "):
        ResultsFolder(tmp_path).estimate(record)
