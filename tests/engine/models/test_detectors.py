"""Tests of detectors and segmenters over feature maps: shapes, losses, what is frozen, and what cannot be built."""

import pytest
import torch
from torch import nn

from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.catalog.references import parse
from ptmbench.catalog.schemes import model_schemes
from ptmbench.catalog.traits import Serves
from ptmbench.engine.models import composition
from ptmbench.engine.models.embedded import BACKBONES
from ptmbench.engine.models.maps import FeatureMaps
from ptmbench.engine.models.networks import classifier_backbone
from ptmbench.engine.models.torchvision_models import build_network
from ptmbench.errors import UnknownName, UsageError

COMPOSED = [row.name for row in model_schemes().values() if row.composed]
BOXES = [{"boxes": torch.tensor([[4.0, 4, 30, 30], [30, 30, 60, 58]]), "labels": torch.tensor([0, 2])}] * 2
MASKS = torch.zeros(2, 64, 64, dtype=torch.long)


def maps_of(architecture, side=64):
    """Feature maps of an architecture at random initialisation."""
    if architecture in BACKBONES:
        backbone = BACKBONES[architecture]()
    else:
        network = build_network(parse(f"torchvision:{architecture}"), "test")
        backbone = classifier_backbone(network, torch.zeros(2, 3, 224, 224))
    return FeatureMaps(nn.Sequential(backbone.trunk, backbone.tail), torch.zeros(1, 3, side, side))


def built(provider, classes=3, inner="resnet_tiny.random"):
    """A network over an embedded backbone."""
    return composition.build(model_spec(f"{provider}:{inner}", ALL_MODELS), 0).assemble(classes, 0)


@pytest.mark.parametrize("architecture", list(BACKBONES))
def test_every_embedded_backbone_gives_maps(architecture):
    """Each has maps of strides 4 and 8, with the channels that it says."""
    maps = maps_of(architecture)

    found = maps(torch.randn(2, 3, 64, 64))

    assert {4, 8} <= set(maps.strides)
    for stride, channels, output in zip(maps.strides, maps.channels, found, strict=True):
        assert (2, channels, 64 // stride, 64 // stride) == tuple(output.shape)


@pytest.mark.parametrize(
    ("architecture", "channels"),
    [("resnet18", (64, 64, 128, 256, 512)), ("mobilenet_v2", (16, 24, 32, 96, 1280)), ("vgg16", (128, 256, 512, 512))],
)
def test_published_backbones_give_the_outputs_of_their_stages(architecture, channels):
    """Whole stages, and not what lies inside a block that halves the resolution."""
    assert channels == maps_of(architecture, side=128).channels[: len(channels)]


@pytest.mark.parametrize("provider", COMPOSED)
def test_every_network_learns_and_answers(provider):
    """A finite loss with gradients for body and head; boxes in the input with classes from 0, or scores a pixel."""
    network = built(provider)
    images = torch.randn(2, 3, 64, 64)
    serves = model_spec(f"{provider}:resnet_tiny.random", ALL_MODELS).serves

    network.train()
    loss = network.loss(images, BOXES if serves is Serves.BOXES else MASKS)
    loss.backward()
    with torch.inference_mode():
        answers = network.eval()(images)

    assert torch.isfinite(loss)
    body = {id(parameter) for parameter in network.body.parameters()}
    assert any(p.grad is not None and p.grad.any() for p in network.body.parameters())
    assert any(p.grad is not None and p.grad.any() for p in network.parameters() if id(p) not in body)
    if serves is Serves.MASKS:
        assert (2, 3, 64, 64) == tuple(answers.shape)
        return
    for found in answers:
        assert (len(found["boxes"]), 4) == tuple(found["boxes"].shape)
        assert found["scores"].tolist() == sorted(found["scores"].tolist(), reverse=True)
        assert set(found["labels"].tolist()) <= {0, 1, 2}
        assert len(found["boxes"]) <= 100


@pytest.mark.parametrize("provider", COMPOSED)
def test_a_picture_without_objects_can_be_learned_from(provider):
    """No boxes, or no pixel that counts: the loss stays finite."""
    network = built(provider).train()
    nothing = [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}] * 2
    serves = model_spec(f"{provider}:resnet_tiny.random", ALL_MODELS).serves

    loss = network.loss(torch.randn(2, 3, 64, 64), nothing if serves is Serves.BOXES else MASKS + 255)
    loss.backward()

    assert torch.isfinite(loss)


@pytest.mark.parametrize("provider", COMPOSED)
def test_a_frozen_body_stays_as_it_came(provider):
    """Neither its weights nor its BatchNorm statistics change in training; the rest learns."""
    network = built(provider, inner="resnet_tiny.glyphs")
    network.freeze_body()
    before = {name: tensor.clone() for name, tensor in network.body.state_dict().items()}
    serves = model_spec(f"{provider}:resnet_tiny.random", ALL_MODELS).serves
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)

    network.train()
    network.loss(torch.randn(2, 3, 64, 64), BOXES if serves is Serves.BOXES else MASKS).backward()
    optimizer.step()

    assert all(torch.equal(before[name], tensor) for name, tensor in network.body.state_dict().items())


def test_the_body_holds_the_backbones_weights():
    """What is built over a checkpoint begins with its features, and every network is a copy of its own."""
    model = composition.build(model_spec("unet:resnet_tiny.glyphs", ALL_MODELS), 0)
    first, second = model.assemble(3, 0), model.assemble(3, 0)
    expected = maps_of("resnet_tiny").network.state_dict().keys()

    assert 1.0 == model.loaded_fraction
    assert expected == first.body.network.state_dict().keys()
    with torch.no_grad():
        next(first.body.parameters()).zero_()
    assert next(second.body.parameters()).any()


def test_heads_depend_on_the_seed_alone():
    """The same seed draws the same head over any weights; another one another."""
    over = [composition.build(model_spec(f"fcn:resnet_tiny.{name}", ALL_MODELS), 0) for name in ("glyphs", "random")]
    heads = [model.assemble(3, seed).scores.state_dict() for model, seed in ((over[0], 0), (over[1], 0), (over[0], 1))]

    assert all(torch.equal(tensor, heads[1][name]) for name, tensor in heads[0].items())
    assert not all(torch.equal(tensor, heads[2][name]) for name, tensor in heads[0].items())


def test_references_name_what_is_built_over_what():
    """A reference of a composed model brings its control; sizes, names and weights go where they belong."""
    model, control = model_specs("fasterrcnn:torchvision:mobilenet_v2@IMAGENET1K_V1?size=256&name=mine", ALL_MODELS)
    embedded = model_spec("unet:vgg_tiny.glyphs", ALL_MODELS)

    assert ("mine", "fasterrcnn", Serves.BOXES) == (model.name, model.provider, model.serves)
    assert "torchvision:mobilenet_v2@IMAGENET1K_V1?size=256" == model.entry
    assert ("mine.random", True, "imagenet1k" in control.source) == (control.name, control.random, False)
    assert "weights=random" in control.entry
    assert ("unet.vgg_tiny.glyphs", "vgg_tiny.glyphs", "glyphs") == (embedded.name, embedded.entry, embedded.source)
    assert 256 == composition.build(control, 0).preprocessing.side


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        ("fasterrcnn:resnet_tiny.glyps", UnknownName, "did you mean resnet_tiny.glyphs"),
        (
            "unet:bert_tiny.invented",
            UsageError,
            "gives features, and bert_tiny.invented is none",
        ),
        ("unet:fcn_tiny.glyphs", UsageError, "built over an image model that gives features"),
        ("unet:resnet_tiny.glyphs?size=96", UsageError, "ships with the package and takes no options"),
        ("fastrcnn:resnet18", UnknownName, "did you mean fasterrcnn"),
    ],
)
def test_what_cannot_be_built_says_why(reference, error, message):
    """A typo, a text model, a segmenter over a segmenter."""
    with pytest.raises(error, match=message):
        model_spec(reference, ALL_MODELS)


def test_a_backbone_without_maps_is_refused():
    """A vision transformer has tokens, and raw pixels have nothing: the message says what is needed."""
    vit = model_spec("unet:torchvision:vit_b_16?weights=random", ALL_MODELS)

    with pytest.raises(UsageError, match="detectors and segmenters need"):
        composition.build(vit, 0).assemble(3, 0)
    with pytest.raises(UsageError, match="detectors and segmenters need"):
        composition.build(model_spec("unet:pixels", ALL_MODELS), 0).assemble(3, 0)
