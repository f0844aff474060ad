"""Tests of the recorded learning rates."""

from dataclasses import replace

import pytest

from ptmbench.catalog import rates
from ptmbench.catalog.cases import find_case, product
from ptmbench.catalog.data_references import on_validation
from ptmbench.catalog.rates import ELSEWHERE, OF_RECIPE, recorded_rate, said_of_rate
from ptmbench.catalog.rates import RECORDED as RECORDED_HERE

RECORDED = {
    "resnet_tiny.glyphs-digits_5shot-fine_tune": 0.0001,
    "resnet_tiny.glyphs-photo_numerals_5shot-fine_tune": 0.0003,
    "resnet_tiny.glyphs-photo_numerals_20shot-fine_tune": 0.0003,
    "resnet_tiny.glyphs-textures_5shot-fine_tune": 0.001,
    "resnet_tiny.glyphs-shapes_5shot-fine_tune": 0.03,
    "resnet_tiny.glyphs-textures_full-fine_tune": 0.01,
    "resnet_tiny.glyphs-digits_full-fine_tune": 0.0003,
}


@pytest.fixture
def recorded(monkeypatch):
    """Rates that tell from which task they come."""
    rates._rates_elsewhere.cache_clear()
    monkeypatch.setattr(rates, "recorded_rates", lambda: RECORDED)
    yield
    rates._rates_elsewhere.cache_clear()


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("task", "rate"),
    [
        ("digits_5shot", 0.01),  # of .003 and .03: the numerals over photographs are the same handwriting
        ("photo_numerals_5shot", 0.01),
        ("textures_5shot", 0.003),  # of .0002 and .03
        ("shapes_5shot", 0.001),  # of .0002 and .003
        ("digits_full", 0.0003),
        ("textures_full", 0.01),
    ],
)
def test_few_labels_choose_no_rate(task, rate):
    """A few-shot task takes the median over other data sets of their choices, a full task what its own labels chose."""
    assert rate == recorded_rate(find_case("resnet_tiny.glyphs", task, "fine_tune"))


@pytest.mark.usefixtures("recorded")
def test_what_has_no_record_takes_the_rate_of_its_recipe():
    """A model of which nothing is recorded has the rate of the method's recipe, and the record says so."""
    other = find_case("vgg_tiny.glyphs", "digits_5shot", "fine_tune")

    assert other.method.recipe.learning_rate == recorded_rate(other)
    assert OF_RECIPE == said_of_rate(other)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("name", ["digits_5shot", "digits_full"])
def test_own_data_takes_what_the_embedded_sets_have_chosen(name):
    """Data of somebody's own is other data: all three embedded sets speak for it, each once."""
    case = find_case("resnet_tiny.glyphs", name, "fine_tune")
    own = replace(case, task=replace(case.task, name="own", dataset="imagefolder:own"))

    assert 0.003 == recorded_rate(own)  # of .0002, .003 and .03
    assert ELSEWHERE == said_of_rate(own)


@pytest.mark.usefixtures("recorded")
def test_a_task_scored_on_validation_chooses_no_rate_by_it():
    """What the validation split has chosen would flatter scores on that very split: other data sets choose."""
    case = find_case("resnet_tiny.glyphs", "digits_full", "fine_tune")
    scored = replace(case, task=on_validation(case.task))

    assert (0.0003, RECORDED_HERE) == (recorded_rate(case), said_of_rate(case))
    assert (0.01, ELSEWHERE) == (recorded_rate(scored), said_of_rate(scored))  # of .003 and .03


def test_no_rate_of_a_few_shot_task_lies_off_the_ladder():
    """What is taken from other data sets is a rate that could have been chosen, and not one of its ends."""
    few = [case for case in product() if not case.method.frozen and case.task.shots is not None]

    assert few
    for case in few:
        assert recorded_rate(case) in case.method.grid[1:-1], case.id


def test_a_method_without_steps_has_no_rate():
    """Nothing is trained step by step: there is no rate to ask for."""
    with pytest.raises(ValueError, match="knn has no learning rate"):
        recorded_rate(find_case("pixels", "digits_5shot", "knn"))
