"""Tests of the race: who is listed, who is dropped, and what a limit allows."""

import numpy as np
import pytest
from hearsay import METHODS, ZOO, evidence_of, rehearsal

from ptmbench.errors import UsageError
from ptmbench.recommendation.calibration import calibration_of
from ptmbench.recommendation.race import Entrants, Plan, Race, chance_above
from ptmbench.recommendation.rehearsals import Candidate, Stage
from ptmbench.recommendation.replay import Recorded


@pytest.fixture(scope="module")
def known():
    """Evidence of six models."""
    return evidence_of(ZOO, sets=5)


def race_on(known, task, **plan):
    """A race on a task of the evidence, its data set left out."""
    facts, others = known.tasks[task], known.without(known.tasks[task].dataset)
    rows = {row.candidate: row for row in known.of_task(task)}
    entrants = Entrants.of_task(others, facts, tuple(rows))
    return Race(entrants, Plan(**plan), calibration_of(others), Recorded(rows), told=lambda _line: None)


def entrants(scores, static):
    """Entrants of these scores and static ranks, one method each."""
    models = sorted({*scores, *static})
    return Entrants(tuple(Candidate(model, "linear_probe", "nothing") for model in models), scores, static)


def test_the_static_leader_is_always_listed():
    """Where scores put the model last that was best elsewhere, it comes on the list all the same."""
    found = entrants({"a": 3.0, "b": 2.0, "c": 1.0}, {"a": 3.0, "b": 2.0, "c": 1.0})

    assert "c" in found.shortlist(1)


def test_a_model_of_which_nothing_is_known_is_ranked_by_its_score():
    """A planted good model among known bad ones leads the list by its score alone."""
    found = entrants({"planted": 5.0, "b": 2.0, "c": 1.0}, {"b": 2.0, "c": 1.0})

    assert "planted" == found.order()[0]


def test_models_without_a_score_are_listed_by_what_they_did_elsewhere():
    """Few labels may allow no score; the order is the static one then."""
    found = entrants({"a": None, "b": None}, {"a": 2.0, "b": 1.0})

    assert ("b", "a") == found.order()


@pytest.mark.parametrize("task", ["set0_0", "set1_1", "set4_2"])
def test_a_race_runs_probes_short_and_full_trainings(known, task):
    """Three models by three methods are rehearsed, the two best trainings at full length, and nobody else."""
    race = race_on(known, task)
    race.run()
    full = [look for look in race.rehearsals.values() if look.stage is Stage.SINGLE]

    assert 3 <= len({candidate.model for candidate in race.rehearsals}) <= 4
    assert 1 <= len(full) <= 2
    assert race.leader is not None
    assert {candidate.model for candidate in race.dropped} >= set(ZOO) - {one.model for one in race.rehearsals}


def test_whoever_was_not_listed_is_told_why(known):
    """Each model that was left out has its place, and what that rests on."""
    race = race_on(known, "set0_0", shortlist=1)
    race.run()
    reason = race.dropped[next(one for one in race.dropped if one.model == "awful")]

    assert "place 6 of 6 by scores and earlier records" in reason


def test_a_limit_shortens_the_list_and_cuts_the_end(known):
    """With seconds for one model only one is rehearsed, nothing more is spent, and the race says that it was cut."""
    race = race_on(known, "set0_0", limit_s=4.0)
    race.run()

    assert race.spent_s <= 4.0
    assert 1 == len({candidate.model for candidate in race.rehearsals})
    assert race.cut_short


def test_the_test_of_the_pick_lies_within_the_limit(known):
    """Whatever the limit, where all methods of a model are rehearsed there are seconds left to test the pick."""
    for limit in np.arange(7.0, 40.0):
        race = race_on(known, "set0_0", limit_s=limit)
        race.run()

        assert race.within_limit(race.leader)


def test_a_limit_for_nothing_says_what_an_answer_takes(known):
    """A budget too small for any answer is refused with the seconds that one takes."""
    with pytest.raises(UsageError, match="too small for any answer.* take about 1 s, and 0.5 s are allowed"):
        race_on(known, "set0_0", limit_s=0.5).run()


def test_a_limit_for_one_rehearsal_gives_that_one(known):
    """Where not even all methods of one model can be afforded, what can be is rehearsed, and it is the answer."""
    race = race_on(known, "set0_0", limit_s=1.0)
    race.run()

    assert ["linear_probe"] == [candidate.method for candidate in race.rehearsals]


def test_who_can_hardly_win_is_not_trained_at_full_length(known):
    """A finalist has at least a chance to lie above the leader; the leader itself is trained to see how far it gets."""
    race = race_on(known, "set1_1")
    race.run()
    full = [candidate for candidate, look in race.rehearsals.items() if look.stage is Stage.SINGLE]

    assert 1 <= len(full) <= 2


def test_the_chance_of_being_above_is_that_of_a_coin_for_copies(known):
    """Two copies of a model cannot be told apart: the chance that one is better is a half."""
    lines = calibration_of(known)
    look = rehearsal(np.random.default_rng(0), Stage.QUICK, 0.7)
    one = lines.predict(Candidate("a", "linear_probe", "nothing"), look)

    assert chance_above(one, one) == pytest.approx(0.5)
    assert chance_above(one, one, margin=0.05) < 0.5


def test_the_best_is_rarely_dropped():
    """Over many draws of the noise the best candidate of the short list is still in at the end, but for a few."""
    lost = 0
    for seed in range(40):
        race = race_on(evidence_of(ZOO, sets=4, tasks=2, seed=100 + seed), "set0_0")
        race.run()
        full = {row.candidate: row.full for row in race.source.rows.values()}
        best = max(race.rehearsals, key=full.__getitem__)
        lost += best in race.dropped

    assert lost <= 4


def test_every_candidate_is_either_seen_or_explained(known):
    """Nobody is lost on the way."""
    race = race_on(known, "set2_1")
    race.run()

    assert set(race.entrants.candidates) == {*race.rehearsals, *race.dropped}
    assert len(METHODS) * len(ZOO) == len(race.entrants.candidates)


def test_progress_names_the_best_so_far_and_the_share_of_the_limit(known):
    """At every stage a reader sees who leads, and how much of what may be spent is gone."""
    race = race_on(known, "set0_0", limit_s=100.0)
    lines = []
    race.told = lines.append
    race.run()

    assert 3 == len(lines)
    assert all("best so far" in line and "% of the limit" in line for line in lines[1:])


def test_a_model_of_which_nothing_is_known_stands_in_the_middle():
    """Neither a score nor a record speaks against it: it comes before the worse half."""
    scores = {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0, "unknown": None}

    assert entrants(scores, {}).order().index("unknown") in {1, 2}
