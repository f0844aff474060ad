"""Tests of demands: contradictions are told, all at once."""

from ptmbench.recommendation.demands import Demands
from ptmbench.recommendation.limits import Limits
from ptmbench.recommendation.race import Plan


def test_everything_that_makes_no_sense_is_told_at_once():
    """Limits, plan and budget each have their line."""
    demands = Demands(
        Limits(size_bytes=-1.0), Plan(shortlist=0, within=2.0, confidence=1.0), time_s=0.0, budget_share=2.0
    )
    found = demands.faults(["MIT"])

    assert 7 == len(found)
    assert "expected a short list of 1 to 1,000 models, got 0" in found
    assert "a time and a budget share both say what the decision may cost: give one of them" in found


def test_sound_demands_have_no_fault():
    """The defaults make sense."""
    assert [] == Demands().faults([])


def test_a_share_is_of_everything():
    """Five per cent of 200 seconds are ten; a time stands as it is; without either there is no limit."""
    assert (10.0, 7.0, None) == tuple(
        demands.limit_s(200.0) for demands in (Demands(budget_share=0.05), Demands(time_s=7.0), Demands())
    )
