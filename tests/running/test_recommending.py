"""Tests of the shell of `recommend`, on embedded models and small folders."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.catalog.cases import named
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import UsageError
from ptmbench.recommendation.demands import Demands
from ptmbench.recommendation.limits import MIB, Limits
from ptmbench.recommendation.race import Plan
from ptmbench.records.decision import DECISION, read_decision
from ptmbench.records.measured import LatencySamples, Timing
from ptmbench.records.store import ResultsFolder
from ptmbench.running.recommending import Question, Recommender

SETTINGS = check_settings(device="cpu", threads=1, jobs=1, measures_latency=False)
FROZEN = tuple(named("method", name, METHODS) for name in ("linear_probe", "knn"))
DIGITS = named("task", "digits_1shot", TASKS)


def models(*names):
    """Embedded models by name."""
    return tuple(named("model", name, MODELS) for name in names)


def decide(
    folder, *, task=DIGITS, names=("resnet_tiny.glyphs", "vae_tiny.glyphs"), methods=FROZEN, told=None, **demands
):
    """The decision about a question of embedded models."""
    question = Question(models(*names), task, methods, Demands(**demands))
    return Recommender(question, SETTINGS, folder, told or (lambda _line: None)).decide()


def pictures(folder, labels, seed=0):
    """A folder of pictures: squares of one colour a class where `labels` say so, noise on top."""
    rng = np.random.default_rng(seed)
    for number, (shown, label) in enumerate(labels):
        place = folder / f"class{label}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 60, (32, 32, 3))
        pixels[..., shown] += 150
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A decision between two models by two frozen methods, and where it lies."""
    folder = tmp_path_factory.mktemp("decided")
    lines = []
    return decide(folder, told=lines.append), folder, lines


def test_the_better_model_is_picked(decided):
    """A model pre-trained on glyphs reads digits better than an autoencoder, and the answer says it."""
    found, _, _ = decided

    assert "resnet_tiny.glyphs" == found.pick.model
    assert found.finished
    assert 0 < found.pick.test.value <= 1
    assert found.cost.share == pytest.approx(found.cost.seconds / found.cost.everything_s)


def test_everything_it_did_is_a_record(decided):
    """Rehearsals lie beside the decision as records of the validation part; the test part was read for the picks."""
    found, folder, _ = decided
    quick, single = (ResultsFolder(folder / name).read_all()[0] for name in ("quick", "single"))

    assert {"digits_1shot.validation"} == {record.case.task.name for record in quick}
    tested = [record.case.id for record in single if record.case.task.name == "digits_1shot"]
    picks = {found.pick.test.case} | ({found.static_pick.test.case} if found.static_pick else set())
    assert picks == set(tested)
    assert found == read_decision(folder)


def test_it_says_where_it_is(decided):
    """Each stage has its line, with the candidates in it and what has been spent."""
    _, _, lines = decided

    assert "scores: 2 models" == lines[0]
    assert re.fullmatch(r"probes: 4 of 4 candidates; \d+ s spent", lines[1])
    assert lines[-1].startswith("test part, once: resnet_tiny.glyphs")


def test_a_run_that_goes_on_gives_the_same_answer(decided, tmp_path):
    """Whatever a kill left is kept, and the answer is equal to that of a run from the start, its costs too."""
    found, folder, _ = decided
    (folder / DECISION).unlink()
    (folder / "quick" / "vae_tiny.glyphs-digits_1shot.validation-knn.json").unlink()

    again = decide(folder)

    assert replace_cost(found) == replace_cost(again)


def replace_cost(found):
    """A decision without what a clock tells."""
    return found.model_copy(update={"cost": None})


def test_ctrl_c_gives_the_best_answer_so_far(tmp_path, monkeypatch):
    """An interrupted race answers with what it has seen, says so, and leaves a decision on disk."""
    calls = []

    def interrupt(self, picks, rehearsals, race):
        calls.append(picks)
        raise KeyboardInterrupt

    monkeypatch.setattr(Recommender, "_tested", interrupt)
    found = decide(tmp_path)

    assert calls
    assert (False, "resnet_tiny.glyphs", None) == (found.finished, found.pick.model, found.pick.test)
    assert found == read_decision(tmp_path)


def test_labels_without_sense_beat_nothing(tmp_path):
    """With labels dealt out by chance no model is recommended, and the answer says that nothing beats chance."""
    rng = np.random.default_rng(0)
    folder = pictures(tmp_path / "photos", [(rng.integers(3), rng.integers(2)) for _ in range(160)])
    found = decide(tmp_path / "out", task=task_spec(f"imagefolder:{folder}", TASKS))

    assert found.pick is None
    assert "nothing beats chance" in found.note


def test_a_folder_of_pictures_is_decided(tmp_path):
    """Colours tell the classes: any model sees that, and nobody is clearly better."""
    folder = pictures(tmp_path / "photos", [(number % 3, number % 3) for number in range(150)])
    found = decide(tmp_path / "out", task=task_spec(f"imagefolder:{folder}", TASKS))

    assert found.pick is not None
    assert found.validation_examples < 60
    assert str(tmp_path) not in (tmp_path / "out" / DECISION).read_text()


def test_copies_of_a_model_are_tied(tmp_path):
    """One model under two names answers alike, and neither is recommended over the other."""
    one = models("resnet_tiny.glyphs")[0]
    question = Question((one, replace(one, name="copy.glyphs")), DIGITS, FROZEN[:1])
    found = Recommender(question, SETTINGS, tmp_path, lambda _line: None).decide()

    assert [{"resnet_tiny.glyphs", "copy.glyphs"}] == [{found.pick.model, *(seen.model for seen in found.tied)}]


def test_limits_drop_models_with_what_was_measured(tmp_path):
    """A model above a limit is rejected with its figure and is not rehearsed."""
    size = Limits(size_bytes=1.25 * MIB)
    found = decide(tmp_path, names=("resnet_tiny.glyphs", "vgg_tiny.glyphs", "vae_tiny.glyphs"), limits=size)

    assert "vgg_tiny.glyphs" == found.pick.model
    reasons = {one.model: one.reason for one in found.rejected}
    assert {"resnet_tiny.glyphs", "vae_tiny.glyphs"} == set(reasons)
    assert "size 1.264 MiB, at most 1.25 MiB" == reasons["resnet_tiny.glyphs"]


def test_limits_that_nobody_keeps_name_the_nearest(tmp_path):
    """The message says who came nearest, and what is missed."""
    with pytest.raises(UsageError, match="none of 2 models keeps all limits; the nearest is resnet_tiny.glyphs: size"):
        decide(tmp_path, limits=Limits(size_bytes=0.5 * MIB))


def test_training_that_would_take_too_long_drops_the_method(tmp_path):
    """A limit on minutes of full training leaves the methods that need less."""
    chosen = (*FROZEN, named("method", "fine_tune", METHODS))
    found = decide(tmp_path, methods=chosen, limits=Limits(train_s=4.0))

    assert {("resnet_tiny.glyphs", "fine_tune"), ("vae_tiny.glyphs", "fine_tune")} <= {
        (one.model, one.method) for one in found.rejected
    }
    assert "fine_tune" != found.pick.method


@pytest.mark.parametrize(
    ("names", "methods", "why"),
    [
        (("resnet_tiny.glyphs",), FROZEN[:1], "got 1 (resnet_tiny.glyphs, linear_probe)"),
        (("bert_tiny.invented",), FROZEN, "bert_tiny.invented takes text, and digits_1shot is made of image"),
    ],
)
def test_fewer_than_two_candidates_are_no_choice(tmp_path, names, methods, why):
    """One candidate, or none, is told with what there is and why."""
    with pytest.raises(UsageError) as error:
        decide(tmp_path, names=names, methods=methods)

    assert why in str(error.value)


def test_a_budget_for_nothing_says_what_it_would_take(tmp_path):
    """Nobody is rehearsed for a tenth of a second."""
    with pytest.raises(UsageError, match="the budget is too small for any answer"):
        decide(tmp_path, time_s=1e-3)


def test_scores_that_cannot_be_read_are_computed_again(tmp_path):
    """A torn file of scores is no reason to stop."""
    (tmp_path / "scores.json").write_text("{")
    found = decide(tmp_path, plan=Plan(shortlist=1))

    assert found.pick is not None
    assert 2 == len(json.loads((tmp_path / "scores.json").read_text()))


@pytest.mark.parametrize("limits", [Limits(), Limits(size_bytes=1e9)])
def test_a_model_that_cannot_be_loaded_stops_nobody_else(tmp_path, limits):
    """Broken weights are told, and the others are decided among."""
    (tmp_path / "broken.pth").write_bytes(b"nothing")
    broken = model_spec(f"file:{tmp_path}/broken.pth#torchvision:squeezenet1_1?name=broken&size=32", MODELS)
    question = Question((broken, *models("resnet_tiny.glyphs")), DIGITS, FROZEN, Demands(limits))
    found = Recommender(question, SETTINGS, tmp_path / "out", lambda _line: None).decide()

    assert "resnet_tiny.glyphs" == found.pick.model
    assert "broken" in {one.model for one in found.rejected}
    assert str(tmp_path) not in (tmp_path / "out" / DECISION).read_text()


def test_a_task_that_has_no_test_part_left_is_refused(tmp_path):
    """Scored on validation, it would be decided and tested on the same examples."""
    with pytest.raises(UsageError, match="leave score=validation out"):
        decide(tmp_path, task=task_spec("digits_full?score=validation", TASKS))


@pytest.mark.parametrize(("waited", "kept"), [(0.0, True), (0.5, False)])
def test_a_latency_of_a_busy_machine_keeps_no_limit(tmp_path, monkeypatch, waited, kept):
    """A fast answer in hand says nothing while other work had the cores: the model is not taken for it."""
    timing = Timing(LatencySamples(1, (0.001,) * 20, waited), 1.0, 1)
    monkeypatch.setattr("ptmbench.running.work.time_network", lambda *_: timing)
    limits = Limits(latency_p95_s=0.01)

    if kept:
        assert decide(tmp_path, limits=limits).pick is not None
    else:
        with pytest.raises(UsageError, match="latency p95 could not be measured"):
            decide(tmp_path, limits=limits)
