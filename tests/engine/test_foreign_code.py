"""Tests of what becomes of errors that libraries and other people's code raise."""

import pytest
import torch
from torch import nn

from ptmbench.engine.foreign_code import built, carried_out, first_line
from ptmbench.errors import CaseFailure, UsageError, WeightsError


def test_what_a_library_raises_while_a_model_is_built_is_a_sentence():
    """Its kind and first line stand behind the model's name."""
    with pytest.raises(WeightsError, match=r"^mine cannot be built: RuntimeError: .*mat1 and mat2"), built("mine"):
        nn.Linear(3, 2)(torch.ones(1, 4))


def test_what_our_own_code_raises_stays(monkeypatch):
    """A fault of ours is shown as one, and a message of ours is not wrapped in another."""
    monkeypatch.setattr("ptmbench.engine.foreign_code.OURS", __file__)
    with pytest.raises(KeyError), built("mine"):
        raise KeyError("a bug")
    with pytest.raises(UsageError, match="^ours$"), built("mine"):
        raise UsageError("ours")


@pytest.mark.parametrize("block", [built, carried_out])
def test_an_end_of_the_process_and_want_of_memory_are_told_apart(block):
    """Code that exits is at fault; memory is a status of its own."""
    with pytest.raises((WeightsError, CaseFailure), match="it ends the process"), block("mine"):
        raise SystemExit(0)
    with pytest.raises(MemoryError), block("mine"):
        raise MemoryError


def test_what_a_user_can_change_is_said():
    """BatchNorm over one example, and a text longer than the positions."""
    with pytest.raises(CaseFailure, match=r"^mine: BatchNorm cannot learn from one example"), carried_out("mine"):
        nn.BatchNorm1d(4).train()(torch.ones(1, 4))
    with pytest.raises(CaseFailure, match=r"\?max_length=N"), carried_out("mine"):
        nn.Embedding(3, 2)(torch.tensor([5]))


def test_a_forward_pass_that_fails_is_not_our_fault():
    """An error from inside a module is; one beside every module stays."""
    with pytest.raises(CaseFailure, match="^mine fails in its forward pass: RuntimeError"), carried_out("mine"):
        nn.Linear(3, 2)(torch.ones(1, 4))
    with pytest.raises(RuntimeError), carried_out("mine"):
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_the_first_line_says_something():
    """Empty lines and empty messages are passed over."""
    assert ["boom", "ValueError"] == [first_line(ValueError("\n boom\nmore")), first_line(ValueError())]
