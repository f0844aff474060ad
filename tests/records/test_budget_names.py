"""Tests of `ptmbench.records.budget_names`."""

import pytest

from ptmbench.catalog.settings import BUDGETS, check_settings
from ptmbench.records.budget_names import options_of, tuned_on_validation


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("labels", ["draw", "validation"])
def test_options_make_the_budget_that_they_are_made_from(budget, labels):
    """Whatever a record's budget is called, its options lead back to it."""
    name = budget if labels == "draw" else tuned_on_validation(budget)
    words = options_of(name)
    given = dict(zip(words[::2], words[1::2], strict=True))

    assert name == check_settings(budget=given["--budget"], tune_on=given.get("--tune-on", "draw")).budget.name
    assert (labels == "validation") == ("--tune-on" in words)
