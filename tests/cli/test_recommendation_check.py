"""Tests of `ptmbench recommend --check`, on the evidence that ships."""

import json
from pathlib import Path

import pytest

from ptmbench.cli import main

GUIDE = Path(__file__).parents[2] / "docs" / "choose-a-model.md"


@pytest.fixture(scope="module")
def checked():
    """The check as JSON."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert 0 == main(["recommend", "--check", "--confidence", "0.9", "--json"])
    return json.loads(out.getvalue())


def mean(found, name):
    """The mean of a figure over tasks."""
    return sum(one[name] for one in found) / len(found)


def test_the_check_is_printed_as_tables(capsys):
    """Pictures and texts, scores by themselves, and the published tables, each beside a static ranking."""
    assert 0 == main(["recommend", "--check"])
    out = capsys.readouterr().out

    for part in ("image: 8 models, 12 tasks of 4 data sets", "text: 3 models, 6 tasks of 3 data sets", "static ranking",
                 "vtab_1k_19x16", "shrunk_h_score", "at random"):  # fmt: skip
        assert part in out


def test_pictures_are_decided_as_well_as_is_promised(checked):
    """On the embedded picture tasks the mean regret is a point at most and the worst is three."""
    found = [one for one in checked["tasks"] if one["modality"] == "image"]

    assert mean(found, "regret") <= 0.01
    assert max(one["regret"] for one in found) <= 0.03


def test_the_procedure_is_better_than_chance_by_far(checked):
    """For pictures and for texts."""
    for modality in ("image", "text"):
        found = [one for one in checked["tasks"] if one["modality"] == modality]
        assert mean(found, "regret") < 0.3 * mean(found, "chance_regret")


def test_without_evidence_the_check_says_what_to_run(monkeypatch, capsys):
    """An installation that lacks it is told how it is recorded."""
    from ptmbench.cli import recommendation_check
    from ptmbench.recommendation.evidence import Evidence

    monkeypatch.setattr(recommendation_check, "evidence", lambda: Evidence((), {}))

    assert 2 == main(["recommend", "--check"])
    assert "benchmarks/recording/evidence.py" in capsys.readouterr().err


def figures(found):
    """What the guide says of a modality: regret of the pick and of a static ranking, at random, cost, held, chances."""

    def mean(name):
        return 100 * sum(one[name] for one in found) / len(found)

    def worst(name):
        return 100 * max(one[name] for one in found)

    return [
        f"{mean('regret'):.1f}, {worst('regret'):.1f}",
        f"{mean('static_regret'):.1f}, {worst('static_regret'):.1f}",
        f"{mean('chance_regret'):.1f}",
        f"{mean('share'):.1f} %",
        f"{mean('covered'):.0f} %",
        f"{mean('chance_of_better'):.0f} %, {mean('better'):.0f} %",
    ]


@pytest.mark.parametrize(("column", "modality"), [(2, "image"), (3, "text")])
def test_the_guide_quotes_the_check_and_nothing_better(checked, column, modality):
    """Every figure of the guide's table is what the check prints now."""
    rows = [line.split("|") for line in GUIDE.read_text().splitlines() if line.startswith("|")]
    said = {row[1].strip(): row[column].strip() for row in rows}
    found = figures([one for one in checked["tasks"] if one["modality"] == modality])
    names = (
        "the best candidate above the pick: mean, at worst",
        "above what a static ranking takes",
        "above a candidate at random, mean",
        "scores and rehearsals, of training everything in full: mean",
        "90 % intervals that held",
        "chance of a better candidate: said, and how often it was so",
    )

    assert found == [said[name] for name in names]


def test_a_twentieth_of_the_cost_is_enough_for_pictures(capsys):
    """At 5 % of training everything the mean regret is a point at most and the worst three, and no task costs more.

    The guide says it, of texts too, with the tests in the cost and the number of picks that were tested.
    """
    assert 0 == main(["recommend", "--check", "--confidence", "0.9", "--budget-share", "5%", "--json"])
    tasks = json.loads(capsys.readouterr().out)["tasks"]
    pictures, texts = ([one for one in tasks if one["modality"] == modality] for modality in ("image", "text"))
    guide = GUIDE.read_text()

    assert mean(pictures, "regret") <= 0.01
    assert max(one["regret"] for one in pictures) <= 0.03
    assert max(one["share_with_test"] for one in pictures) <= 0.05
    held = " | ".join(f"{100 * mean(found, 'covered'):.0f} %" for found in (pictures, texts))
    assert f"| the same: 90 % intervals that held | {held} |" in guide
    for found in (pictures, texts):
        assert f"| {figures(found)[0]} |" in guide
        cost = (
            f"{100 * mean(found, 'share_with_test'):.1f} %, {100 * max(one['share_with_test'] for one in found):.1f} %"
        )
        assert f"| {cost}; {sum(one['tested'] for one in found)} of {len(found)} |" in guide


@pytest.mark.parametrize("option", [["--shortlist", "x"], ["--confidence", "2"], ["--within", "y"]])
def test_odd_numbers_are_refused_by_the_check_too(capsys, option):
    """Each is told in a message, and none ends in a fault."""
    assert 2 == main(["recommend", "--check", *option])
    assert "expected" in capsys.readouterr().err
