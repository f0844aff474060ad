"""Tests of `ptmbench.records.case_record`."""

from ptmbench.records.case_record import CONTROL, FULL
from runs import committed


def test_a_row_names_its_variant_where_that_is_not_the_full_model():
    """The method alone, or with the variant behind it."""
    case = committed().case

    assert case.method.name == case.model_copy(update={"variant": FULL}).way
    assert f"{case.method.name}, int8" == case.model_copy(update={"variant": "int8"}).way


def test_a_control_is_a_model_that_nobody_pretrained():
    """Its family says so."""
    model = committed().case.model

    assert not model.is_control
    assert model.model_copy(update={"family": CONTROL}).is_control
