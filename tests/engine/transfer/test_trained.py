"""Tests of `ptmbench.engine.transfer.trained`: what is tried, what is kept, and how long training goes on."""

from dataclasses import replace

import pytest
from torch import nn

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.device import resolve
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.transfer.trained import DOUBLINGS, TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import Diverged, Unavailable

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
CASE = find_case("resnet_tiny.glyphs", "digits_full", "fine_tune")
NONE_FINITE = "no finite number any more at any learning rate of 0.0001, 0.0003, 0.001, 0.003, 0.01"


class Scored:
    """A work whose networks carry their score."""

    validation = ()

    def predict(self, network, _indices):
        """The network itself."""
        return network

    def score(self, network, _indices):
        """What the network carries."""
        return network.score


def choosing(score_of, monkeypatch, *, rates=RATES, converges=False):
    """A run whose trainings give the scores of `score_of(recipe)`, and the recipes that it trains with."""
    trained = []

    def made(self, _seed, recipe):
        trained.append(recipe)
        network = nn.Identity()
        network.score = score_of(recipe)
        if network.score is None:
            raise Diverged("the loss became nan at step 10 of 40")
        self.times_s.append(float(recipe.steps))
        return network

    monkeypatch.setattr(TrainedRun, "_trained", made)
    recipe = replace(CASE.method.recipe, steps=40)
    device = resolve(check_settings(device="cpu"))
    work = TrainedRun(CASE, Scored(), device, recipe, rates, None, None, 0.0, None, converges=converges)
    return work, trained


def test_the_best_of_five_neighbouring_rates_is_kept(monkeypatch):
    """The window moves to the rates beyond 1e-2, and the time is that of the kept training."""
    work, trained = choosing(lambda recipe: recipe.learning_rate, monkeypatch)

    network = work._choose(0)

    assert [1e-3, 3e-3, 1e-2, 3e-2, 1e-1] == [recipe.learning_rate for recipe in trained]
    assert (0.1, 0.1) == (work.chosen.learning_rate, network.score)
    assert [40.0] == work.times_s


def test_a_rate_that_diverges_is_the_worst_there_is(monkeypatch):
    """Where large rates diverge, the case goes on with the others."""
    work, trained = choosing(lambda recipe: 0.5 if recipe.learning_rate < 3e-3 else None, monkeypatch)

    work._choose(0)

    assert 1e-4 == work.chosen.learning_rate
    assert {1e-4, 3e-4, 1e-3, 3e-3, 1e-2} == {recipe.learning_rate for recipe in trained}


def test_a_training_that_diverges_at_every_rate_says_at_which(monkeypatch):
    """Nothing is left to keep: one sentence with all rates."""
    work, _ = choosing(lambda _recipe: None, monkeypatch)

    with pytest.raises(Diverged, match=NONE_FINITE):
        work._choose(0)


@pytest.mark.parametrize(
    ("scores", "steps", "rising"),
    [
        ({40: 0.5, 80: 0.505}, 80, False),
        ({40: 0.5, 80: 0.4}, 40, False),
        ({40: 0.5, 80: 0.6, 160: None}, 80, False),
        ({40: 0.5, 80: 0.6, 160: 0.7, 320: 0.7}, 160, False),
        ({40: 0.1, 80: 0.2, 160: 0.3, 320: 0.4, 640: 0.5}, 640, True),
    ],
)
def test_steps_double_until_validation_stops_rising(monkeypatch, scores, steps, rising):
    """A doubling that gains less than a point, or diverges, is the last; one still rising at the most is told of."""
    work, trained = choosing(lambda recipe: scores[recipe.steps], monkeypatch, rates=(1e-3,), converges=True)

    work._choose(0)

    assert (steps, rising) == (work.chosen.steps, work.rising)
    assert list(scores) == [recipe.steps for recipe in trained]
    seen = [(step, score) for step, score in scores.items() if score is not None]
    assert seen == [(point.step, point.value) for point in work.curve]
    assert [float(steps)] == work.times_s
    assert 2**DOUBLINGS * 40 >= steps


def test_the_record_says_what_was_tried_and_where_it_ended(monkeypatch):
    """A case to convergence names its rates, its steps, and what ended them."""
    settings = check_settings(budget="converged", device="cpu", seeds=1, threads=1, measures_latency=False)
    bench = Workbench(replace(settings, budget=replace(settings.budget, steps=1)))
    choice = run(bench, prepare(bench, find_case("resnet_tiny.glyphs", "shapes_full", "fine_tune_last"))).choice

    assert list(RATES) == choice.grid["learning_rate"]
    assert 5 == len(choice.tried)
    assert choice.hyperparameters["learning_rate"] in choice.tried
    assert choice.steps == choice.hyperparameters["steps"]
    assert "steps doubled until" in choice.selection or "still rose at 16 steps" in choice.selection


def test_few_labels_show_no_convergence():
    """A few-shot task has no labels to see by when a training has converged: its trained cases are left out."""
    bench = Workbench(check_settings(budget="converged", device="cpu", threads=1, measures_latency=False))

    with pytest.raises(Unavailable, match="take a full task, or another budget"):
        prepare(bench, find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune"))


@pytest.mark.parametrize(("labels", "selection"), [("draw", "on other data sets"), ("validation", "(ptmbench/rates")])
def test_a_few_shot_rate_says_whose_labels_chose_it(labels, selection):
    """Tuned on its own labels, a few-shot task takes a rate of other data sets; else its own validation split's."""
    settings = check_settings(budget="quick", device="cpu", seeds=1, threads=1, measures_latency=False, tune_on=labels)
    bench = Workbench(replace(settings, budget=replace(settings.budget, steps=1)))
    choice = run(bench, prepare(bench, find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune_last"))).choice

    assert selection in choice.selection
    assert ("on other data sets" in choice.selection) == (labels == "draw")
