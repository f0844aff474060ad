"""Tests of keras.applications on the torch backend, on weights that the tests save."""

import importlib
import os
import random
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
import torch
from torch import nn

from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.engine import tasks
from ptmbench.engine.methods import fine_tune
from ptmbench.engine.models import keras_models
from ptmbench.errors import Unavailable, UnknownName, WeightsError

SIDE = 32
pytestmark = pytest.mark.filterwarnings(  # Keras turns its variables into arrays as NumPy 1 had it
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A MobileNetV2 without its head, and the file of its weights."""
    network = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3)
    )
    file = tmp_path_factory.mktemp("keras") / "mine.weights.h5"
    network.save_weights(file)
    return network, file


@pytest.fixture(scope="module")
def loaded(saved):
    """The same through a reference."""
    return keras_models.build(model_spec(f"keras:MobileNetV2@{saved[1]}?size={SIDE}", ()), 0)


def test_weights_are_loaded(saved, loaded):
    """Features are those of Keras's own network for the same picture, channels last."""
    images = torch.randn(2, 3, SIDE, SIDE)
    theirs = saved[0](images.permute(0, 2, 3, 1), training=False)

    with torch.inference_mode():
        torch.testing.assert_close(theirs.detach(), loaded.backbone(images))
    assert (1280, 1.0) == (loaded.backbone.feature_size, loaded.loaded_fraction)
    assert loaded.weights_sha256
    assert loaded.size_bytes == 4 * saved[0].count_params()


@pytest.mark.parametrize("name", keras_models.names())
def test_preprocessing_is_keras_own(name):
    """What goes into every network is what its module's `preprocess_input` makes of the same pixels."""
    own = importlib.import_module(getattr(keras.applications, name).__module__).preprocess_input
    preprocessing = keras_models.preprocessing_of(name, None)
    pixels = torch.randint(0, 256, (1, 3, preprocessing.side, preprocessing.side), dtype=torch.uint8)
    ours = preprocessing.apply(pixels)
    ours = ours.flip(1) if name in keras_models.CAFFE else ours

    theirs = own(pixels.permute(0, 2, 3, 1).float().numpy().copy())
    np.testing.assert_allclose(theirs, ours.permute(0, 2, 3, 1).numpy(), atol=1e-3)
    keras_models.check_source(name, preprocessing)


@pytest.mark.parametrize(("name", "taken"), [("ResNet50", "MobileNetV2"), ("DenseNet121", "ConvNeXtTiny")])
def test_another_way_of_preparing_pictures_is_refused(name, taken):
    """Each load compares with the module's own `preprocess_input`, whatever version of Keras is installed."""
    with pytest.raises(WeightsError, match=f"keras:{name} wants other inputs"):
        keras_models.check_source(name, keras_models.preprocessing_of(taken, None))


def test_only_the_last_stage_trains(loaded):
    """Fine-tuning the last stage moves its layers and nothing before them, statistics of BatchNorm included."""
    divided = fine_tune.last_stage(loaded.backbone, nn.Linear(1280, 3)).trained
    before = {name: value.clone() for name, value in divided.state_dict().items()}
    divided.train()
    optimizer = torch.optim.SGD([p for p in divided.parameters() if p.requires_grad], lr=1.0)
    tasks.loss(divided(torch.randn(4, 3, SIDE, SIDE)), torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()

    moved = {name for name, value in divided.state_dict().items() if not torch.equal(value, before[name])}
    stage = {f"backbone.tail.{name}." for name in loaded.backbone.last_stage}
    assert moved
    assert any(any(part in name for part in stage) for name in moved)
    listed = {name for name in moved if ".layers." in name}
    assert all(any(part in name for part in stage) for name in listed)


def test_whole_networks_train(loaded):
    """Fine-tuning all layers gives every trainable weight a gradient, and leaves the loaded network as it was."""
    trained = fine_tune.whole(loaded.backbone, nn.Linear(1280, 3)).trained
    trained.train()
    tasks.loss(trained(torch.randn(4, 3, SIDE, SIDE)), torch.tensor([0, 1, 2, 0])).backward()

    assert all(parameter.grad is not None for parameter in trained.parameters() if parameter.requires_grad)
    assert all(parameter.grad is None for parameter in loaded.backbone.parameters())


def test_controls_draw_anew():
    """Random controls differ from seed to seed, repeat themselves, and leave Python's generator as it was."""
    control = model_specs(f"keras:MobileNetV2@imagenet?size={SIDE}", ())[1]
    images, before = torch.randn(1, 3, SIDE, SIDE), random.getstate()
    with torch.inference_mode():
        first, again, other = (keras_models.build(control, seed).backbone(images) for seed in (0, 0, 1))

    assert before == random.getstate()
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_is_not_there_is_named(saved, tmp_path, monkeypatch, capsys):
    """Unknown networks, weights that are not on disk and files that do not fit end in one sentence each."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(UnknownName, match="did you mean MobileNet"):
        keras_models.weights_sha256(model_spec("keras:MobilNetV2@imagenet", ()))
    with pytest.raises(Unavailable, match=r"none\.h5: no such file"):
        keras_models.weights_sha256(model_spec("keras:MobileNetV2@none.h5", ()))
    with pytest.raises(WeightsError, match="does not fit VGG16"):
        keras_models.build(model_spec(f"keras:VGG16@{saved[1]}?size={SIDE}", ()), 0)
    with pytest.raises(Unavailable, match="ptmbench fetch --model 'keras:Xception@imagenet'"):
        keras_models.weights_sha256(model_spec("keras:Xception@imagenet", ()))
    assert "" == capsys.readouterr().out


def test_tensorflow_is_not_imported():
    """Keras runs on torch here, and brings no other framework."""
    assert "tensorflow" not in sys.modules
    assert "torch" == keras.backend.backend()
