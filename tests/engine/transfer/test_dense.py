"""Tests of whole cases of detection and segmentation: what comes out, that it repeats, that it can be looked at."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.cli import main
from ptmbench.engine.runner import _dense_work, prepare, run
from ptmbench.engine.seeding import numpy_generator
from ptmbench.engine.transfer.boxes_work import BoxesWork
from ptmbench.engine.workbench import Workbench
from ptmbench.records.outcomes import estimate_of
from ptmbench.records.store import ResultsFolder
from ptmbench.statistics.average_precision import Boxes

DETECTION = ("yolo_tiny.glyphs", "scene_boxes_full", "fine_tune")
TWO_STAGES = ("fasterrcnn_tiny.random", "scene_boxes_full", "from_scratch")
SEGMENTATION = ("fcn_tiny.glyphs", "scene_masks_full", "frozen_backbone")


def small_bench(seeds=1):
    """A bench of its own at the smallest budget, without measuring latency."""
    return Workbench(check_settings(budget="smoke", device="cpu", measures_latency=False, seeds=seeds))


@pytest.fixture(scope="module")
def bench():
    """One that the tests of this file share."""
    return small_bench(seeds=2)


@pytest.mark.parametrize("names", [DETECTION, SEGMENTATION])
def test_a_case_gives_answers_that_can_be_computed_again(bench, names):
    """A value a seed, a learning curve on validation, pictures; the tally gives the first seed's value."""
    case = find_case(*names)
    prepared = prepare(bench, case)
    answers = run(bench, prepared).answers

    assert (0, 1) == answers.seeds
    assert 2 == len(answers.values) == len(answers.train_values)
    assert {(0, 4), (1, 4)} <= {(point.seed, point.step) for point in answers.curve}
    estimate = estimate_of(answers.arrays())
    assert 200 == len(answers.test_ids) == estimate.examples
    assert answers.values == pytest.approx(estimate.values.tolist(), abs=1e-6)
    assert Image.open(io.BytesIO(answers.pictures)).size[0] > 400
    assert prepared.training_bytes > 0
    assert ("non-maximum suppression" in prepared.footprint.timing.scope) == (names is DETECTION)


@pytest.mark.parametrize("names", [DETECTION, SEGMENTATION])
def test_a_case_repeats_to_the_last_bit(names):
    """Two runs give equal outcomes."""
    outcomes = []
    for _ in range(2):
        bench = small_bench()
        outcomes.append(run(bench, prepare(bench, find_case(*names))).answers.outcomes)

    assert outcomes[0].keys() == outcomes[1].keys()
    assert all(np.array_equal(array, outcomes[1][name]) for name, array in outcomes[0].items())


def test_a_training_that_draws_proposals_repeats_to_the_last_bit(bench):
    """Two trainings of a detector of two stages, whose losses draw proposals at random, end in one network."""
    work = replace(prepare(bench, find_case(*TWO_STAGES)).work, watched=False)
    first, second = (work._trained(0, work.recipe).state_dict() for _ in range(2))

    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def test_the_truth_scores_1_through_the_work(bench):
    """An oracle reaches 1.0 in the pictures' own pixels, random boxes next to nothing."""
    work = _dense_work(bench, find_case(*DETECTION))
    assert isinstance(work, BoxesWork)
    truth = work.samples.truth(np.asarray(work.test))
    rng = numpy_generator("random boxes")
    corners = rng.uniform(0, 50, (len(truth.label), 2))
    guessed = Boxes(
        truth.pictures,
        truth.picture,
        np.concatenate([corners, corners + rng.uniform(5, 20, corners.shape)], axis=1),
        rng.integers(0, 5, len(truth.label)),
        rng.uniform(size=len(truth.label)),
        truth.ignored,
    )

    assert 1.0 == pytest.approx(work.score(truth, work.test))
    assert 0.03 > work.score(guessed, work.test)


def test_a_case_is_stored_shown_and_reported(tmp_path, capsys, monkeypatch):
    """The command line runs a case, draws its pictures anew, and its report has curve and pictures."""
    monkeypatch.chdir(tmp_path)
    models = ["--model", "unet_tiny.glyphs", "--model", "unet_tiny.random", "--task", "scene_masks_full"]
    methods = ["--method", "fine_tune", "--method", "from_scratch"]
    assert 0 == main(["run", *models, *methods, "--budget", "smoke", "--results", "out"])
    case_id = "unet_tiny.glyphs-scene_masks_full-fine_tune"
    record = ResultsFolder(tmp_path / "out").read(case_id)
    capsys.readouterr()

    assert 0 == main(["show", case_id, "--results", "out", "-n", "3", "-o", "masks.png"])
    assert "masks.png: 3 of 200 test pictures" in capsys.readouterr().out
    assert 0 == main(["report", "out", "--format", "markdown", "-o", "table.md"])
    page = (tmp_path / "table.md").read_text()

    assert "miou" == record.quality.metric
    assert {"iou.background", "pixel_accuracy"} <= record.quality.others.keys()
    assert record.gain.interval_kind in {"paired_over_examples", "paired_over_seeds_and_examples"}
    assert f"![{case_id}](out/pictures/{case_id}.png)" in page
    assert "Learning curves: mIoU in % on the validation split" in page
    for file in (Path("masks.png"), tmp_path / "out" / "pictures" / f"{case_id}.png"):
        with Image.open(file) as picture:
            assert picture.width > 400


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "a-b-c"], "ptmbench-results is no results folder: give one with --results DIR"),
        (["show", "a-b-c", "--results", "none"], "none is no results folder"),
        (["show", "a-b-c", "-n", "0"], "expected 1 to 1,000 pictures, got 0"),
    ],
)
def test_what_cannot_be_shown_says_why(tmp_path, capsys, monkeypatch, arguments, message):
    """No results, no pictures: one message, exit code 2."""
    monkeypatch.chdir(tmp_path)

    assert 2 == main(arguments)
    assert message in capsys.readouterr().err
