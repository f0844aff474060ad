"""Tests of what a run says while it goes on."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench import stages
from ptmbench.report.progress import Watch, describe, remaining
from strategies import records


@pytest.mark.parametrize(
    ("done", "total", "elapsed_s", "told"),
    [
        (0, 9, 50, ""),
        (1, 2, 10, ""),
        (1, 4, 20, "  about 60 s left"),
        (2, 20, 60, "  about 9 min left"),
        (5, 5, 500, ""),
    ],
)
def test_the_rest_is_forecast_from_what_is_done(done, total, elapsed_s, told):
    """The cases to come are taken to be like those that ran; a run that is nearly over has no forecast."""
    assert told == remaining(done, total, elapsed_s)


def test_a_long_case_is_named(monkeypatch):
    """Where nothing was said for a while the case that runs is named, and what it is at, and none after the last."""
    said, heard = [], threading.Event()
    monkeypatch.setattr(stages.HERE, "name", "training")
    monkeypatch.setattr(stages.HERE, "detail", "step 3 of 40")

    def say(line):
        said.append(line)
        heard.set()

    with Watch(["first", "second"], say, quiet_s=0.01) as watch:
        assert heard.wait(10)
        watch.step()
        heard.clear()
        assert heard.wait(10)

    assert said[0] == "... first has been running for 0 s (training, step 3 of 40)"
    assert any(line.startswith("... second has been running for") for line in said)


@given(
    records(), st.sampled_from(["::error::x", "\x1b[2J", "a\n::error::x\r", "##[add-mask]x", "z" * 2000]), st.booleans()
)
def test_a_reason_steers_nothing(record, text, reused):
    """What a model's exception says is one message that no terminal and no CI job obeys, and that has an end."""
    failed = record.model_copy(update={"quality": None, "status": "failed", "reason": text})

    lines = describe(failed, reused).split("\n")

    assert not [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line]
    assert max(map(len, lines)) < 600
