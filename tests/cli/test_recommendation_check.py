"""Tests of `ptmbench recommend --check`, on the evidence that ships."""

import json

import pytest

from ptmbench.cli import main


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
