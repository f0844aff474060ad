"""Tests of the check: what it reports of a procedure is what that procedure did."""

import numpy as np
import pytest
from hearsay import ZOO, evidence_of

from ptmbench.recommendation.evidence import Evidence, TaskFacts
from ptmbench.recommendation.published import published_tables
from ptmbench.recommendation.race import Entrants, Plan
from ptmbench.recommendation.replay import check, check_scores, check_table, static_pick


@pytest.fixture(scope="module")
def known():
    """Evidence of six models on twelve tasks."""
    return evidence_of(ZOO, sets=4)


def test_regret_is_what_the_best_lies_above_the_pick(known):
    """Each regret can be recounted from the rows, and none is below 0."""
    for one in check(known, Plan()):
        full = {row.candidate: row.full for row in known.of_task(one.task)}
        assert one.regret == pytest.approx(max(full.values()) - full[one.pick])
        assert 0 <= one.regret_at_3 <= one.regret


def test_the_procedure_beats_chance_by_far(known):
    """On models that differ, the mean regret is a small part of that of a random candidate."""
    found = check(known, Plan())

    assert np.mean([one.regret for one in found]) < 0.2 * np.mean([one.chance_regret for one in found])


def test_its_cost_is_that_of_what_was_looked_at(known):
    """Scores, looks and two last trainings of the recorded seconds, as a share of everything in full."""
    found = check(known, Plan(shortlist=3, finalists=2))

    for one in found:
        least = (6 * 0.1 + 9 * 1.0 + 4.0) / 1800  # one finalist, where all others were dropped before
        most = (6 * 0.1 + 12 * 1.0 + 2 * 4.0) / 1800  # the static leader comes on the list beside the three
        assert least <= one.share + 1e-9
        assert one.share <= most + 1e-9
        assert one.share + 4.0 / 1800 <= one.share_with_test + 1e-9 <= one.share + 8.0 / 1800 + 2e-9


def test_a_budget_bounds_the_cost(known):
    """At a share of one hundredth fewer candidates are looked at, and the looks cost no more than that."""
    free, bound = (np.mean([one.share for one in check(known, Plan(), share)]) for share in (None, 0.008))

    assert bound < free


def test_a_check_reads_nothing_of_the_data_set_asked_about(known):
    """What full training reached there moves the regret, and neither the pick nor the chance that was said."""
    moved = Evidence(
        tuple(
            row if not row.task.startswith("set0") else type(row)(row.candidate, row.task, row.rehearsals, 0.5, 1.0)
            for row in known.rows
        ),
        known.tasks,
    )
    before, after = ([one for one in check(each, Plan()) if one.dataset == "set0"] for each in (known, moved))

    assert [(one.pick, one.chance_of_better) for one in before] == [(one.pick, one.chance_of_better) for one in after]


def test_the_same_evidence_gives_the_same_check(known):
    """Nothing in it is left to chance."""
    assert check(known, Plan()) == check(known, Plan())


def test_scores_are_marked_where_a_static_ranking_is_better(known):
    """A score of noise lies below the static ranking, and the check says so."""
    rng = np.random.default_rng(0)
    noisy = {
        name: TaskFacts(
            name, task.dataset, task.modality, task.few_shot,
            {model: {**scores, "noise": float(rng.standard_normal())} for model, scores in task.scores.items()},
            task.scores_s,
        )
        for name, task in known.tasks.items()
    }  # fmt: skip
    found = {one.name: one for one in check_scores(Evidence(known.rows, noisy))}

    assert found["noise"].below_static
    assert found["static ranking"].static
    assert found["log_me"].tau > found["noise"].tau


def test_a_static_pick_takes_the_method_that_was_best_with_its_model(known):
    """It is one of the candidates; without a known model there is none."""
    facts = known.tasks["set0_0"]
    candidates = [row.candidate for row in known.of_task("set0_0")]
    others = known.without("set0")

    found = static_pick(Entrants.of_task(others, facts, candidates), others, facts.few_shot)

    assert ("best", "fine_tune") == (found.model, found.method)
    assert static_pick(Entrants(tuple(candidates), {}, {}), others, few_shot=True) is None


@pytest.mark.parametrize("table", published_tables(), ids=lambda table: table.name)
def test_on_published_tables_the_short_list_never_does_worse_than_the_ranking(table):
    """Training the first three of the static order loses no more than taking the first unseen, on every table."""
    found = check_table(table, 3)

    assert found.regret <= found.static_regret
    assert found.share == pytest.approx(3 / len(table.models))
