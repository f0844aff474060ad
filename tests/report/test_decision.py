"""Tests of decisions as people read them."""

import pytest
from decisions import decision

from ptmbench.records.decision import Picked, Seen
from ptmbench.report.decision import SHOWN, render_decision


def test_the_pick_comes_first_with_all_that_it_rests_on():
    """Expectation with interval, the test part, the chance of a better one, ties, the static pick, cost and record."""
    text = render_decision(decision())

    assert text.startswith("photos_full: take resnet_tiny.glyphs, fine_tune\n")
    for part in (
        "top-1 accuracy 90.0 % [82.0, 95.0] (95 %, from how 12 tasks of 4 other data sets came out)",
        "on the test part, one training at one seed, in %: 89.0 [85.0, 92.0]!",
        "chance that another candidate is better by more than 1 point: 20 %",
        "Cannot be told apart from it:",
        "wgan_tiny.glyphs: size 60 MiB, at most 50 MiB",
        "A static ranking takes vgg_tiny.glyphs, fine_tune: on the test part",
        "one training at one seed, in %: 87.0 [83.0, 90.0]!",
        "Cost: 40 s of work, 3.1 % of training everything in full",
        "0.4 points above the pick on average, 2.0 at worst (static ranking: 0.3 on average)",
        "92 % of the intervals held",
        "To record it in full: ptmbench run --model resnet_tiny.glyphs",
    ):
        assert part in text


def test_no_pick_says_why():
    """Where nothing beats chance, that is the answer, and what was rehearsed stands below."""
    text = render_decision(decision(pick=None, note="nothing beats chance", chance_of_better=None, command=None))

    assert text.startswith("photos_full: no model is recommended\n  nothing beats chance\n")
    assert "Rehearsed:" in text
    assert "To record" not in text


def test_an_interval_that_nothing_supports_is_not_printed():
    """Without enough earlier errors the line says so."""
    pick = Picked(model="a", method="knn", variant="full", quality=0.5, interval=None, test=None)

    assert "too little is known of other data sets for an interval at 95 %" in render_decision(decision(pick=pick))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_sentences_are_wrapped_to_the_width(width):
    """No line of words is wider than the terminal; columns stay as they are."""
    lines = render_decision(decision(), width).splitlines()

    assert [] == [line for line in lines if len(line) > width and "  " not in line.strip()]


def test_many_rejected_candidates_are_counted():
    """A list of hundreds ends with how many more there are, and where they stand."""
    [one] = decision().rejected
    text = render_decision(decision(rejected=[one] * (SHOWN + 5)))

    assert SHOWN == text.count("wgan_tiny.glyphs: size")
    assert "and 5 more: see decision.json" in text


def test_a_clear_pick_says_so():
    """Without ties, the others can be told apart."""
    behind = [Seen(model="b", method="knn", stage="quick", validation=0.4, quality=0.4)]

    assert "Every other candidate can be told apart from it." in render_decision(decision(tied=[], behind=behind))


def test_an_answer_that_was_cut_short_says_so():
    """A budget or Ctrl-C that ended the race early stands in the answer."""
    assert "cut short: this is the best answer so far" in render_decision(decision(finished=False))
