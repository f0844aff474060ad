"""Tests of `ptmbench.catalog.selection` against pytest itself."""

from pathlib import Path

import pytest

from ptmbench.catalog.cases import product
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.selection import select
from ptmbench.errors import UsageError

ROOT = Path(__file__).parents[2]
EXPRESSIONS = [
    "hub and gpt2 and knn",
    "not hub and knn",
    "resnet",
    "vgg or inception",
    "resnet and not random",
    "digits",
    "digits_5shot",
    "numerals",
    "photo and full",
    "5shot",
    "1shot",
    "linear_probe",
    "fine_tune",
    "fine_tune and not last",
    "fine_tune_last",
    "from_scratch",
    "pixels",
    "glyphs",
    "waves or fractals",
    "RESNET and KNN",
    "test_image_classification",
    "not (resnet or vgg or inception)",
    "shapes and (knn or linear_probe) and not pixels",
    "nothing_is_called_so",
]


class Choosing:
    """A pytest plugin that lets pytest's own `-k` choose from what is collected, and remembers the ids left."""

    def __init__(self, expressions):
        self.expressions, self.chosen = expressions, {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        for expression in self.expressions:
            config.option.keyword, left = expression, list(items)
            config.pluginmanager.get_plugin("mark").pytest_collection_modifyitems(left, config)
            self.chosen[expression] = [item.callspec.id for item in left]
        config.option.keyword = ""


class Collected:
    """A pytest plugin that remembers what is left after selection."""

    def __init__(self):
        self.ids = []

    def pytest_collection_finish(self, session):
        self.ids = [item.callspec.id for item in session.items]


def collect(plugin, *arguments):
    """Collects the benchmarks with a plugin; pytest-benchmark is told off, or warns in a process of pytest-xdist."""
    options = ["--collect-only", "-qq", "--benchmark-disable", *arguments]
    pytest.main([str(ROOT / "benchmarks"), *options], plugins=[plugin])
    return plugin


@pytest.fixture(scope="module")
def chosen():
    """What pytest's `-k` leaves of the benchmarks by expression: collecting them takes seconds, choosing none."""
    return collect(Choosing(EXPRESSIONS)).chosen


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_selects_what_pytest_selects(chosen, expression):
    """`ptmbench list cases -k X` is `pytest --collect-only -k X`, in the same order."""
    assert chosen[expression] == [case.id for case in select(entries_of().cases(), expression)]


def test_a_run_of_pytest_selects_the_same(chosen):
    """Choosing from what one run has collected is what a run with `-k` does."""
    assert collect(Collected(), "-k", EXPRESSIONS[0]).ids == chosen[EXPRESSIONS[0]]


def test_no_expression_selects_everything():
    """An empty expression selects all, as pytest's does."""
    assert product() == select(product(), "")


@pytest.mark.parametrize("expression", ["resnet and", "(vgg", "a@b", "and"])
def test_an_expression_that_cannot_be_read_is_named(expression):
    """A fault in the expression is a message that shows how one looks."""
    with pytest.raises(UsageError, match="cannot be read"):
        select(product(), expression)


def test_k_means_what_a_user_means():
    """`-k digits` selects plain digits only, `-k photo` those on photographs, `-k random` controls."""
    assert {"digits"} == {case.task.dataset for case in select(product(), "digits")}
    assert {"photo_numerals"} == {case.task.dataset for case in select(product(), "photo")}
    assert {"control"} == {case.model.family for case in select(product(), "random")}
    assert {1} == {case.task.shots for case in select(product(), "1shot")}
