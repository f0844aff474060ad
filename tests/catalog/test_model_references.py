"""Tests of model references as specs."""

import pytest

from ptmbench.catalog.model_references import model_specs


@pytest.mark.parametrize("text", ["hf:org/model", "file:a.pth#torchvision:resnet18", "unet:torchvision:resnet18"])
def test_a_users_name_changes_no_draw(text):
    """New weights are drawn by the architecture, which is that of the reference: renaming a model moves no figure."""
    plain, named = (model_specs(f"{text}{name}", ()) for name in ("", "?name=mine"))

    assert [spec.architecture for spec in plain] == [spec.architecture for spec in named]
    assert ["mine", "mine.random"] == [spec.name for spec in named]
