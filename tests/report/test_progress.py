"""Tests of what a run says while it goes on."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench import stages
from ptmbench.report.progress import Watch, describe, opening, remaining
from strategies import records


@pytest.mark.parametrize(
    ("left_s", "told"),
    [
        (0, ""),
        (29, ""),
        (62, "  about 60 s left"),
        (540, "  about 9 min left"),
        (1640, "  about 25 min left"),
        (9100, "  about 2.5 h left"),
    ],
)
def test_what_is_left_is_said_roughly(left_s, told):
    """What is left is rounded as roughly as it is known; a run that is nearly over has no forecast."""
    assert told == remaining(left_s)


@pytest.mark.parametrize(
    ("total_s", "whole", "told"),
    [(None, True, ""), (29, True, ""), (235, True, ", about 4 min"), (235, False, ", at least 4 min")],
)
def test_a_run_opens_with_how_long_it_may_take(total_s, whole, told):
    """A run that is long enough says at once how long it may take, and where that is only a lower bound."""
    assert told == opening(total_s, whole=whole)


def test_a_long_case_is_named(monkeypatch):
    """Where nothing was said for a while the case that runs is named, and what it is at; or all that run."""
    said, heard, at_work = [], threading.Event(), {"first": None}
    monkeypatch.setattr(stages.HERE, "name", "training")
    monkeypatch.setattr(stages.HERE, "detail", "step 3 of 40")

    def say(line):
        said.append(line)
        heard.set()

    with Watch(at_work, say, quiet_s=0.01) as watch:
        assert heard.wait(10)
        at_work["second"] = None
        watch.step()
        heard.clear()
        assert heard.wait(10)
        heard.clear()
        assert heard.wait(10)

    assert said[0] == "... first has been running for 0 s (training, step 3 of 40)"
    assert any(line.startswith("... first and second have been running for") for line in said)


@given(
    records(), st.sampled_from(["::error::x", "\x1b[2J", "a\n::error::x\r", "##[add-mask]x", "z" * 2000]), st.booleans()
)
def test_a_reason_steers_nothing(record, text, reused):
    """What a model's exception says is one message that no terminal and no CI job obeys, and that has an end."""
    failed = record.model_copy(update={"quality": None, "status": "failed", "reason": text})

    lines = describe(failed, reused).split("\n")

    assert not [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line]
    assert max(map(len, lines)) < 600
