"""Tests of the calibration: unfinished trainings are translated before they are compared."""

import numpy as np
import pytest
from hearsay import UNFINISHED, ZOO, evidence_of, rehearsal

from ptmbench.recommendation.calibration import LEAST_DEVIATION, UNKNOWN, calibration_of
from ptmbench.recommendation.evidence import Evidence
from ptmbench.recommendation.rehearsals import Candidate, Stage, share


@pytest.fixture(scope="module")
def lines():
    """Lines from made-up evidence, of which the truth is known."""
    return calibration_of(evidence_of(ZOO, sets=6))


@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last"])
def test_what_is_not_finished_is_raised_by_what_it_lacks(lines, method):
    """A quick training at 60 % promises as much more as quick trainings were below full ones elsewhere."""
    candidate = Candidate("new", method, "all")
    look = rehearsal(np.random.default_rng(1), Stage.QUICK, 0.6, examples=20_000)

    promised = lines.predict(candidate, look).logit

    assert promised == pytest.approx(look.logit + UNFINISHED[method], abs=0.25)


def test_a_probe_is_taken_as_it_is(lines):
    """A probe is finished: what it reaches on validation it is expected to reach on test examples."""
    look = rehearsal(np.random.default_rng(1), Stage.QUICK, 0.8, examples=20_000)

    assert share(lines.predict(Candidate("new", "linear_probe", "nothing"), look).logit) == pytest.approx(0.8, abs=0.03)


def test_a_method_that_nobody_recorded_takes_what_trains_alike(lines):
    """An unknown way of training everything has the line of the known one, and a deviation that was measured."""
    line = lines.line(Candidate("new", "some_tuning", "all"), Stage.QUICK)

    assert line == lines.line(Candidate("new", "fine_tune", "all"), Stage.QUICK)
    assert LEAST_DEVIATION <= line.deviation < UNKNOWN


def test_without_evidence_nothing_is_translated():
    """The look itself is the prediction then, and it may be far off."""
    line = calibration_of(Evidence((), {})).line(Candidate("new", "fine_tune", "all"), Stage.QUICK)

    assert (0.0, 1.0, UNKNOWN) == (line.start, line.slope, line.deviation)
