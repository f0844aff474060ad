"""Tests of the gate on committed records that were spoiled on purpose."""

import dataclasses
import json
import os

import numpy as np
import pytest
from gates import CASES, answered, drop, edit, launches, side, slower

from ptmbench.cli import main
from ptmbench.errors import StoreError, UsageError
from ptmbench.gate.judging import judge
from ptmbench.gate.rules import Rules, load_rules
from ptmbench.gate.sides import read_side
from ptmbench.records import figures
from ptmbench.records.record import PROTOCOL_VERSION


def judged(baseline, current, **rules):
    """The judgement of two folders."""
    return judge(read_side(baseline), read_side(current), Rules(**rules))


def told(judgement, verdict):
    """The subjects and figures with a verdict."""
    return {(finding.subject, finding.metric) for finding in judgement.findings if finding.verdict == verdict}


@pytest.fixture
def sides(tmp_path):
    """Two equal sides."""
    return side(tmp_path / "baseline"), side(tmp_path / "current")


def test_nothing_changed_is_nothing_told(sides):
    """Equal records are the same in every figure that can be told, and the gate passes."""
    judgement = judged(*sides)

    assert not judgement.failed
    assert {"same"} == {finding.verdict for finding in judgement.findings}
    assert "one launch a side says nothing" in judgement.remarks[0]


def test_a_drop_in_one_case_is_found(sides):
    """Eight points fewer in one case are worse, and no other case is touched."""
    drop(sides[1], CASES[0], 0.08)

    judgement = judged(*sides)

    assert judgement.failed
    assert (CASES[0], "top1_accuracy") in told(judgement, "worse")
    assert told(judgement, "worse") <= {(CASES[0], "top1_accuracy"), ("vgg_tiny.glyphs", "quality, all tasks")}


def test_a_drop_in_all_tasks_of_a_model_is_found_pooled(sides):
    """Three points in every task of a model are seen over all of them, and the other model is the same."""
    for number, case in enumerate(CASES[:4]):
        drop(sides[1], case, 0.03, number)

    judgement = judged(*sides)

    assert ("vgg_tiny.glyphs", "quality, all tasks") in told(judgement, "worse")
    assert ("resnet_tiny.glyphs", "quality, all tasks") in told(judgement, "same")


def test_better_is_told_and_passes(sides):
    """What was worse before is better now."""
    drop(sides[0], CASES[0], 0.08)

    judgement = judged(*sides)

    assert not judgement.failed
    assert (CASES[0], "top1_accuracy") in told(judgement, "better")


def test_a_drop_inside_the_tolerance_passes(sides):
    """What is allowed to be lost may be lost."""
    drop(sides[1], CASES[0], 0.02)

    assert not judged(*sides, tolerance={"quality": 0.05}).failed


def test_exact_figures_are_exact(sides):
    """One parameter more is worse, one multiply-accumulate fewer is better."""
    edit(sides[1], CASES[0], lambda content: content["cost"].update(parameters=content["cost"]["parameters"] + 1))
    edit(sides[1], CASES[1], lambda content: content["cost"].update(macs=content["cost"]["macs"] - 1))

    judgement = judged(*sides)

    assert {(CASES[0], "parameters")} == told(judgement, "worse")
    assert {(CASES[1], "macs")} == told(judgement, "better")


def test_more_of_what_is_good_is_better(sides, monkeypatch):
    """A figure of which more is better is judged the other way round."""
    rate = dataclasses.replace(figures.by_name("throughput_per_s"), name="made_up", judged="exact")
    monkeypatch.setattr(figures, "FIGURES", (*figures.FIGURES, rate))
    for case, factor in ((CASES[0], 0.5), (CASES[1], 2.0)):
        edit(sides[1], case, lambda content, factor=factor: content["cost"].update(
            throughput_per_s=content["cost"]["throughput_per_s"] * factor))  # fmt: skip

    judgement = judged(*sides)

    assert {(CASES[0], "made_up")} == told(judgement, "worse")
    assert {(CASES[1], "made_up")} == told(judgement, "better")


@pytest.mark.parametrize(
    ("change", "told_as"),
    [
        (lambda content: content["case"]["model"].update(weights_sha256="0" * 64), r"weights [0-9a-f]{12} -> 0{12}: "),
        (lambda content: content["case"]["task"].update(split_sha256="0" * 64), "data and split"),
        (lambda content: content["case"]["method"]["grid"].update(C=[1.0]), "values tried"),
        (lambda content: content["case"]["input"].update(shape=[3, 8, 8]), r"input shape \[3, 32, 32\] -> \[3, 8, 8\]"),
        (lambda content: content.update(protocol_version=99), f"protocol {PROTOCOL_VERSION} -> 99"),
    ],
)
def test_what_was_changed_is_told_before_how_much(sides, change, told_as):
    """Other weights, data, values or protocols are no regression and no like with like either."""
    edit(sides[1], CASES[0], change)
    drop(sides[1], CASES[0], 0.2)

    judgement = judged(*sides)
    changed = [finding for finding in judgement.findings if finding.verdict == "changed"]

    assert not judgement.failed
    assert [CASES[0]] == [finding.subject for finding in changed]
    with pytest.raises(AssertionError, match=told_as):
        raise AssertionError(changed[0].note)


def test_a_change_can_be_compared_all_the_same(sides):
    """A release has other weights on purpose: then what counts is what they do."""
    for case in CASES:
        edit(sides[1], case, lambda content: content["case"]["model"].update(weights_sha256="0" * 64))
    drop(sides[1], CASES[0], 0.2)

    assert (CASES[0], "top1_accuracy") in told(judged(*sides, compare=["weights"]), "worse")


def test_missing_and_broken_cases_are_told(sides):
    """A case that is gone is missing; one that no longer finishes is worse."""
    (sides[1] / f"{CASES[0]}.json").unlink()
    missing = {"quality": "-", "gain": "-", "cost": "-"}
    edit(
        sides[1],
        CASES[1],
        lambda content: content.update(
            status="failed", reason="went wrong", quality=None, gain=None, cost=None,
            missing={**{k: v for k, v in content["missing"].items() if k.startswith("case")}, **missing},
        ),
    )  # fmt: skip

    judgement = judged(*sides)

    assert {(CASES[0], "case")} == told(judgement, "missing")
    assert (CASES[1], "case") in told(judgement, "worse")
    assert judged(*sides, fail_on=["missing"]).failed


def test_a_slowdown_is_found_over_launches(tmp_path):
    """A case that takes 1.3 times as long is found among five launches a side; its neighbours are not."""
    baseline = launches(tmp_path / "a", 5, noise=0.02, seed=1)
    current = launches(tmp_path / "b", 5, noise=0.02, seed=2, slow=CASES[3], factor=1.3)

    judgement = judged(baseline, current)

    assert {(CASES[3], "latency_s")} == {entry for entry in told(judgement, "worse") if entry[1] == "latency_s"}


def test_times_of_different_machines_are_not_compared(sides):
    """Another fingerprint leaves quality to be judged and says why times are not."""
    for case in CASES:
        edit(sides[1], case, lambda content: content["provenance"]["machine"].update(fingerprint="other"))
        edit(sides[1], case, slower(3.0))

    judgement = judged(*sides)

    assert not judgement.failed
    assert "different machines" in judgement.remarks[0]


def test_times_on_other_threads_are_not_compared(sides):
    """A side whose cases had another number of threads is no slower for it, and the remark says what to type."""
    for case in CASES:
        edit(sides[1], case, lambda content: content["provenance"]["machine"].update(threads=4))
        edit(sides[1], case, slower(3.0))

    judgement = judged(*sides, noise={case: {"time": 0.02, "launches": 10} for case in CASES})

    assert not judgement.failed
    assert "cases had 1 and 4 threads" in judgement.remarks[0]
    assert "--threads 1" in judgement.remarks[0]


def test_training_beside_other_cases_is_compared_with_its_like(tmp_path):
    """Times of training are judged where as many cases ran side by side on both sides, and else it is said."""
    case = "resnet_tiny.glyphs-digits_5shot-fine_tune"
    sides = [side(tmp_path / name, (case,)) for name in ("a", "b")]
    alike = judged(*sides, noise={case: {"train_time": 0.02, "launches": 10}})
    edit(sides[1], case, lambda content: content["provenance"]["machine"].update(jobs=4))
    other = judged(*sides, noise={case: {"train_time": 0.02, "launches": 10}})

    def training_times(judgement):
        return [found.metric for found in judgement.findings if found.metric == "train_time_s"]

    assert ["train_time_s"] == training_times(alike)
    assert [] == training_times(other)
    assert "1 training times were not judged" in "\n".join(other.remarks)


def test_calibrated_noise_judges_a_single_launch(sides):
    """With the noise of a case known, one launch a side is enough for a large slowdown."""
    edit(sides[1], CASES[0], slower(1.6))
    noise = {case: {"time": 0.02, "launches": 10} for case in CASES}

    judgement = judged(*sides, noise=noise)

    assert {(CASES[0], "latency_s")} == told(judgement, "worse")


def test_a_reference_workload_bridges_machines(tmp_path):
    """A machine that does everything twice as fast is no improvement; a case that is slower relative to it is worse."""
    baseline = launches(tmp_path / "a", 5, noise=0.01, seed=1)
    current = launches(tmp_path / "b", 5, noise=0.01, seed=2, slow=CASES[0], factor=1.5)
    for place, path in enumerate(sorted(tmp_path.glob("*/launch-*"))):
        fast = path.parent.name == "b"
        for number, case in enumerate(CASES):

            def moved(content, fast=fast):
                content["provenance"]["reference_s"] = [0.02 if fast else 0.04]
                content["provenance"]["machine"]["fingerprint"] = "fast" if fast else "slow"

            edit(path, case, moved)
            edit(path, case, slower(0.5 if fast else 1.0, 0.0, place + number))

    judgement = judged(baseline, current)

    assert {(CASES[0], "latency_s")} == {entry for entry in told(judgement, "worse") if entry[1] == "latency_s"}
    assert not [entry for entry in told(judgement, "better") if entry[1] == "latency_s"]
    assert "relative to a reference workload" in judgement.remarks[0]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda folder: (folder / f"{CASES[0]}.json").write_text("{"), "is not a ptmbench record"),
        (lambda folder: (folder / f"{CASES[0]}.json").write_text('{"schema_version": 2}'), "newer ptmbench .*upgrade"),
        (lambda folder: (folder / "pytest.json").write_text('{"machine_info": {}}'), "is not a ptmbench record"),
        (
            lambda folder: (folder / "again.json").write_text((folder / f"{CASES[0]}.json").read_text()),
            "holds the record of",
        ),
    ],
)
def test_what_cannot_be_read_is_named(sides, spoil, fault):
    """A baseline that is truncated, newer, of another program or doubled is one message, and nothing is lost."""
    spoil(sides[0])
    before = sorted(path.name for path in sides[0].iterdir())

    with pytest.raises(StoreError, match=fault):
        read_side(sides[0])
    assert before == sorted(path.name for path in sides[0].iterdir())


def test_a_folder_that_is_being_written_to_is_refused(sides):
    """While a benchmark runs into a folder, what is in it is not all."""
    (sides[1] / "_running").mkdir()
    (sides[1] / "_running" / f"{CASES[0]}.json").write_text(json.dumps({"digest": "0", "pid": os.getpid()}))

    with pytest.raises(StoreError, match=f"being written to by process {os.getpid()}"):
        read_side(sides[1])


def test_sides_that_have_nothing_in_common_are_refused(tmp_path):
    """No case in common, another budget, and no folder at all are each one sentence."""
    first, second = side(tmp_path / "a", CASES[:1]), side(tmp_path / "b", CASES[1:2])
    with pytest.raises(StoreError, match="no case is in both"):
        judged(first, second)
    (second / "_folder.json").write_text('{"budget": "standard", "device": "cpu", "precision": "fp32"}')
    with pytest.raises(StoreError, match="never mixed"):
        judged(first, second)
    with pytest.raises(StoreError, match="is not a folder"):
        read_side(tmp_path / "nowhere")


def test_launches_must_be_of_one_thing(tmp_path):
    """Two launches of a case with different digests are no launches of one case."""
    launches(tmp_path / "a", 2, noise=0.01, seed=0)
    edit(tmp_path / "a" / "launch-1", CASES[0], lambda content: content["case"].update(digest="0" * 64))

    with pytest.raises(StoreError, match="2 different digests"):
        read_side(tmp_path / "a")


def test_all_faults_of_the_rules_are_told_at_once(tmp_path):
    """A gate.toml with several faults is one message, with near names."""
    path = tmp_path / "gate.toml"
    path.write_text(
        'alarm = 0.01\nresolution = 3\nfail_on = ["wrose"]\n[tolerance]\nqualty = 0.1\n[noise.x]\nlaunches = 1\n'
    )

    with pytest.raises(UsageError) as refused:
        load_rules(path)

    for part in (
        "alarm is not known: did you mean alarms?",
        "resolution: Input should be less than 1, got 3",
        "did you mean worse?",
        "tolerance.qualty is not known: did you mean quality?",
        "noise.x.launches",
    ):
        assert part in str(refused.value)


def test_the_command_ends_with_1_on_a_regression(sides, capsys):
    """0 where nothing is worse, 1 where something is, 2 for what cannot be compared."""
    baseline, current = map(str, sides)

    assert 0 == main(["gate", baseline, current])
    assert capsys.readouterr().out.startswith("passed: 0 worse")
    drop(sides[1], CASES[0], 0.1)
    assert 1 == main(["gate", baseline, current])
    out = capsys.readouterr().out
    assert "worse" in out
    assert "FAILED: " in out
    assert 2 == main(["gate", baseline])
    assert "expected two results folders" in capsys.readouterr().err


@pytest.mark.parametrize("style", ["text", "markdown", "github", "json", "junit"])
def test_every_format_names_what_is_worse(sides, capsys, style):
    """Whatever the format, the case that is worse stands in it."""
    drop(sides[1], CASES[0], 0.1)

    assert 1 == main(["gate", *map(str, sides), "--format", style])

    out = capsys.readouterr().out
    assert CASES[0] in out
    if style == "json":
        assert json.loads(out)["failed"]
    if style == "junit":
        from xml.etree import ElementTree as ET

        suite = ET.fromstring(out.split("\n", 1)[1])  # noqa: S314  it was written a line above
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) > 0
    if style == "github":
        assert out.startswith("::error title=worse%3A ")


def answers(folder, seeds, examples, *, first, wrong):
    """Gives the folder's first case so many seeds, each wrong on its own next `wrong` examples from `first` on."""
    truth = np.zeros(examples, dtype=np.int64)
    predictions = np.zeros((seeds, examples), dtype=np.int64)
    for seed, row in enumerate(predictions):
        row[(first + seed * 60 + np.arange(wrong)) % examples] = 1
    ids = np.asarray([f"example/{number}" for number in range(examples)])
    stored = {"seeds": np.arange(seeds), "predictions": predictions, "truth": truth, "test_ids": ids}
    answered(folder, CASES[0], stored)


@pytest.mark.parametrize(("seeds", "examples", "lost", "won"), [(3, 917, 30, 24), (2, 20, 1, 0)])
def test_few_seeds_that_agree_are_no_regression(tmp_path, seeds, examples, lost, won):
    """Every seed loses as many answers as the others, more than it wins, and the gate knows that this is chance."""
    before, now = (side(tmp_path / name, CASES[:1]) for name in ("baseline", "current"))
    answers(before, seeds, examples, first=0, wrong=won)
    answers(now, seeds, examples, first=won, wrong=lost)

    judgement = judged(before, now)

    assert set() == told(judgement, "worse")
    (found,) = [finding for finding in judgement.findings if finding.metric == "top1_accuracy"]
    assert pytest.approx((won - lost) / examples) == found.comparison.change
    assert found.comparison.p_worse > 0.05


@pytest.mark.parametrize("style", ["text", "markdown", "github", "json", "junit"])
def test_a_gate_says_what_it_could_have_found(sides, tmp_path, capsys, style):
    """A gate that would miss a drop as large as `must_find` fails in every format, and names the model."""
    (tmp_path / "gate.toml").write_text("must_find = 0.5")
    command = ["gate", *map(str, sides), "--config", str(tmp_path / "gate.toml"), "--format", style]
    assert 0 == main(command)
    assert "must_find = 0.5," not in capsys.readouterr().out

    (tmp_path / "gate.toml").write_text("must_find = 0.0001")
    assert 1 == main(command)
    said = capsys.readouterr().out
    assert "vgg_tiny.glyphs" in said
    assert "must_find" in said


def test_the_power_of_a_gate_is_printed(sides, capsys):
    """Without `must_find` too, a reader sees how large a drop would have been found."""
    main(["gate", *map(str, sides)])

    assert "Power: the smallest drop, over all tasks of a model, that is found" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"must_find = " + b"[" * 100_000, b"must_find = " + b"9" * 5000, b"\xff"])
def test_a_gate_file_that_no_parser_takes_is_one_message(tmp_path, content):
    """Deep nesting, numbers of thousands of digits and bytes that are no UTF-8 are told like any other fault."""
    path = tmp_path / "gate.toml"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=r"gate\.toml is not TOML: "):
        load_rules(path)
