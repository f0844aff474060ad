"""Tests of model references as specs."""

import pytest

from ptmbench.catalog.model_references import model_specs
from ptmbench.errors import UsageError


@pytest.mark.parametrize("text", ["hf:org/model", "file:a.pth#torchvision:resnet18", "unet:torchvision:resnet18"])
def test_a_users_name_changes_no_draw(text):
    """New weights are drawn by the architecture, which is that of the reference: renaming a model moves no figure."""
    plain, named = (model_specs(f"{text}{name}", ()) for name in ("", "?name=mine"))

    assert [spec.architecture for spec in plain] == [spec.architecture for spec in named]
    assert ["mine", "mine.random"] == [spec.name for spec in named]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "file:a.pth#torchvision:resnet18?std=-1,1,1",
            "three numbers above 0, .*got std=-1,1,1",
        ),
        ("file:a.pth#torchvision:resnet18?std=0,0,0", "expected std=R,G,B with three numbers above 0"),
        ("torch_hub:owner/repo:v1/entry?mean=nan,0,0", "expected mean=R,G,B with three numbers, got mean=nan,0,0"),
        ("file:a.pth#torchvision:resnet18?mean=0,0", "expected mean=R,G,B with three numbers"),
        ("file:a.pth#torchvision:resnet18?partial=allowed", "no partial is called 'allowed': did you mean allow?"),
        ("hf:org/model?size=64", "size is the side of pictures .* or say modality=image"),
        ("hf:org/model?modality=image&max_length=9", "max_length is the length of texts .* or say modality=text"),
    ],
)
def test_an_option_that_no_weights_make_right_is_refused_at_once(text, told):
    """Neither the weights nor the control are loaded for it."""
    with pytest.raises(UsageError, match=told):
        model_specs(text, ())


@pytest.mark.parametrize(
    "text",
    [
        "file:a.pth#torchvision:resnet18?std=0.5,0.5,0.5&mean=0,-1,0&partial=refuse&size=64",
        "hf:org/model?modality=image&size=64",
        "hf:org/model?max_length=64",
    ],
)
def test_options_of_the_right_kind_are_taken(text):
    """Means may lie anywhere; each modality has its own measure."""
    assert 2 == len(model_specs(text, ()))


def test_a_catalog_name_takes_no_options():
    """What ships is called by its name alone, and there is no option to choose from."""
    with pytest.raises(UsageError, match="resnet_tiny is known by its name alone and takes no options, got"):
        model_specs("resnet_tiny?size=64", ())
