"""Tests of the answer: ties, chances and intervals mean what they say."""

import math

import numpy as np
import pytest
from hearsay import ZOO, evidence_of, rehearsal

from ptmbench.recommendation.answer import answer_of, beats_chance, conformal, errors_of
from ptmbench.recommendation.calibration import calibration_of
from ptmbench.recommendation.evidence import Evidence
from ptmbench.recommendation.race import Entrants, Plan, Race
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage
from ptmbench.recommendation.replay import check


def race_of(looks, known, **plan):
    """A race in which these candidates have been seen."""
    race = Race(Entrants(tuple(looks), {}, {}), Plan(**plan), calibration_of(known), source=None)
    race.rehearsals.update(looks)
    return race


def probe(model):
    """A candidate."""
    return Candidate(model, "linear_probe", "nothing")


def test_two_copies_cannot_be_told_apart():
    """The same weights under two names are tied, and the chance that the other is better by a point is not small."""
    known, look = evidence_of(ZOO), rehearsal(np.random.default_rng(0), Stage.QUICK, 0.8)
    answer = answer_of(race_of({probe("one"): look, probe("two"): look}, known), known)

    assert [probe("two")] == list(answer.tied)
    assert 0.1 < answer.chance_of_better < 0.5


def test_a_planted_good_model_among_bad_ones_is_picked_for_sure():
    """Nobody is tied with it, and nobody has a chance."""
    known, rng = evidence_of(ZOO), np.random.default_rng(0)
    looks = {probe(name): rehearsal(rng, Stage.QUICK, 0.3) for name in "abcd"}
    looks[probe("planted")] = rehearsal(rng, Stage.QUICK, 0.95)
    answer = answer_of(race_of(looks, known), known)

    assert (probe("planted"), ()) == (answer.pick, answer.tied)
    assert answer.chance_of_better < 0.02


def test_nothing_seen_is_no_answer():
    """A race that ended before its first rehearsal picks nobody."""
    known = evidence_of(ZOO)

    assert answer_of(race_of({}, known), known) is None


def test_a_wider_margin_leaves_less_chance():
    """Another candidate is better by ten points less often than by one."""
    known, rng = evidence_of(ZOO), np.random.default_rng(3)
    looks = {probe(name): rehearsal(rng, Stage.QUICK, 0.7) for name in "abc"}
    near, far = (answer_of(race_of(looks, known, within=within), known).chance_of_better for within in (0.01, 0.1))

    assert far < near


def test_without_evidence_there_is_no_interval():
    """Where nothing is known of other data sets, no interval is claimed."""
    nothing = Evidence((), {})
    look = rehearsal(np.random.default_rng(0), Stage.QUICK, 0.8)

    assert answer_of(race_of({probe("one"): look}, nothing), nothing).interval is None


@pytest.mark.parametrize(("count", "confidence", "finite"), [(9, 0.9, True), (8, 0.9, False), (19, 0.95, True)])
def test_few_errors_allow_no_high_confidence(count, confidence, finite):
    """A split-conformal quantile at 90 % takes nine errors, at 95 % nineteen."""
    assert finite == math.isfinite(conformal([0.1] * count, confidence))


def test_conformal_intervals_hold_as_often_as_they_say():
    """Over made-up data sets, 90 % intervals of picks hold the truth in 84 to 98 % of tasks."""
    held = [one.covered for seed in range(8) for one in check(evidence_of(ZOO, seed=seed), Plan(confidence=0.9))]

    assert 0.84 <= np.mean(held) <= 0.98
    assert len(held) == 96


def test_the_chance_of_better_is_about_as_often_true_as_it_says():
    """Over made-up data sets, the mean of what was said lies within 15 points of how often it came true."""
    found = [one for seed in range(8) for one in check(evidence_of(ZOO, seed=seed), Plan())]
    said, true = (float(np.mean([getattr(one, name) for one in found])) for name in ("chance_of_better", "better"))

    assert said == pytest.approx(true, abs=0.15)


def test_errors_are_of_data_sets_that_taught_nothing():
    """Three predictions a task count, each made by lines of the other data sets."""
    known = evidence_of(ZOO)

    assert 3 * len(known.tasks) == len(errors_of(known))


def test_labels_without_sense_beat_nothing():
    """Of twelve looks at noise the best lies above chance by chance alone, and is not believed; a real one is."""
    rng = np.random.default_rng(0)
    noise = [rehearsal(rng, Stage.QUICK, 0.2, examples=100) for _ in range(12)]

    assert max(look.value for look in noise) > 0.2
    assert not beats_chance(noise, 0.2)
    assert beats_chance([*noise, rehearsal(rng, Stage.QUICK, 0.5, examples=100)], 0.2)


def test_two_examples_beat_nothing():
    """A metric of 1 on two examples is no proof."""
    assert not beats_chance([Rehearsal(Stage.QUICK, 1.0, 1.0, 2, 0.0)], 0.5)


def test_of_equals_the_one_that_trains_nothing_is_picked():
    """Where a probe and a training promise the same, the probe is taken."""
    look = rehearsal(np.random.default_rng(0), Stage.QUICK, 0.8)
    nothing = Evidence((), {})
    tuned = Candidate("a", "fine_tune", "all")
    answer = answer_of(race_of({tuned: look, Candidate("z", "knn", "nothing"): look}, nothing), nothing)

    assert "knn" == answer.pick.method
