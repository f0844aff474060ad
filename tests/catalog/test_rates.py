"""Tests of the recorded learning rates."""

from dataclasses import replace
from statistics import median_low

import pytest

from ptmbench.catalog import rates
from ptmbench.catalog.cases import find_case
from ptmbench.catalog.rates import recorded_rate, recorded_rates

RECORDED = {
    "resnet_tiny.glyphs-digits_5shot-fine_tune": 0.5,
    "resnet_tiny.glyphs-photo_numerals_5shot-fine_tune": 0.4,
    "resnet_tiny.glyphs-photo_numerals_20shot-fine_tune": 0.4,
    "resnet_tiny.glyphs-textures_5shot-fine_tune": 0.1,
    "resnet_tiny.glyphs-shapes_5shot-fine_tune": 0.2,
    "resnet_tiny.glyphs-textures_full-fine_tune": 0.7,
    "resnet_tiny.glyphs-digits_full-fine_tune": 0.3,
}


@pytest.fixture
def recorded(monkeypatch):
    """Rates that tell from which task they come."""
    rates._few_shot_rates.cache_clear()
    monkeypatch.setattr(rates, "recorded_rates", lambda: RECORDED)
    yield
    rates._few_shot_rates.cache_clear()


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("task", "rate"),
    [
        ("digits_5shot", 0.1),  # of textures and shapes: the numerals over photographs are the same handwriting
        ("photo_numerals_5shot", 0.1),
        ("textures_5shot", 0.4),  # of .2, .4, .4 and .5
        ("digits_full", 0.3),
        ("textures_full", 0.7),
    ],
)
def test_few_labels_choose_no_rate(task, rate):
    """A few-shot task takes what other data sets have chosen at few shots, a full task what its own labels have."""
    assert rate == recorded_rate(find_case("resnet_tiny.glyphs", task, "fine_tune"))


@pytest.mark.usefixtures("recorded")
def test_what_has_no_record_takes_the_rate_of_its_recipe():
    """Another model, or a task of somebody's own with all its labels, has the rate of the method's recipe."""
    own = find_case("resnet_tiny.glyphs", "digits_full", "fine_tune")
    own = replace(own, task=replace(own.task, name="own", dataset="csv:own.csv"))

    assert own.method.recipe.learning_rate == recorded_rate(own)
    assert own.method.recipe.learning_rate == recorded_rate(find_case("vgg_tiny.glyphs", "digits_5shot", "fine_tune"))


def test_own_few_shot_data_takes_what_the_embedded_sets_have_chosen():
    """Data of somebody's own is other data: the rates of all embedded few-shot tasks speak for it."""
    case = find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune")
    own = replace(case, task=replace(case.task, name="own_5shot", dataset="imagefolder:own"))
    few = [rate for name, rate in recorded_rates().items()
           if name.startswith("resnet_tiny.glyphs-") and name.endswith("shot-fine_tune")]  # fmt: skip

    assert median_low(few) == recorded_rate(own)


def test_a_method_without_steps_has_no_rate():
    """Nothing is trained step by step: there is no rate to ask for."""
    with pytest.raises(ValueError, match="knn has no learning rate"):
        recorded_rate(find_case("pixels", "digits_5shot", "knn"))
