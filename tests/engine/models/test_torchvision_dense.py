"""Tests of torchvision's own detectors and segmenters, on checkpoints that the tests save."""

import pytest
import torch
from torchvision import models

from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.references import parse
from ptmbench.engine.models.torchvision_models import build_network, weights_file, weights_of
from ptmbench.engine.models.torchvision_provider import PROVIDER
from ptmbench.errors import Unavailable, UsageError

DETECTOR = "ssdlite320_mobilenet_v3_large"
SEGMENTER = "lraspp_mobilenet_v3_large"
BOXES = [{"boxes": torch.tensor([[10.0, 10, 90, 90]]), "labels": torch.tensor([1])}] * 2


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A function that saves a checkpoint where torch looks for it, and returns its tensors."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def save(name):
        reference = parse(f"torchvision:{name}")
        state = build_network(reference, "saved").state_dict()
        file = weights_file(weights_of(reference))
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, file)
        return state

    return save


def test_a_detector_keeps_all_but_its_classes(saved):
    """All tensors come from the checkpoint except those that depend on the number of classes."""
    state = saved(DETECTOR)
    model = PROVIDER.build(model_spec(f"torchvision:{DETECTOR}@COCO_V1", ALL_MODELS), 0)
    network = model.assemble(3, 0)
    found = network.network.state_dict()
    other = {name for name, tensor in found.items() if not torch.equal(tensor, state[name])} if found else set()

    assert 1.0 == model.loaded_fraction
    assert other
    assert all("classification_head" in name for name in other)
    assert (320, (0.5, 0.5, 0.5)) == (model.preprocessing.side, model.preprocessing.mean)
    loss = network.train().loss(torch.randn(2, 3, 320, 320), BOXES)
    loss.backward()
    assert torch.isfinite(loss)
    assert {"boxes", "labels", "scores"} == set(network.eval()(torch.randn(1, 3, 320, 320))[0])


def test_a_segmenter_keeps_all_but_its_classes(saved):
    """Likewise, and it learns from masks at the size asked for."""
    state = saved(SEGMENTER)
    reference = f"torchvision:{SEGMENTER}@COCO_WITH_VOC_LABELS_V1?size=96"
    model = PROVIDER.build(model_spec(reference, ALL_MODELS), 0)
    network = model.assemble(4, 0)
    found = network.network.state_dict()

    assert 96 == model.preprocessing.side
    assert all("classifier" in name for name, tensor in found.items() if not torch.equal(tensor, state[name]))
    assert (1, 4, 96, 96) == tuple(network(torch.randn(1, 3, 96, 96)).shape)
    assert torch.isfinite(network.train().loss(torch.randn(2, 3, 96, 96), torch.ones(2, 96, 96, dtype=torch.long)))


def test_without_weights_the_message_says_how_to_fetch_them(tmp_path, monkeypatch):
    """Weights that are not on disk make a case that is skipped, with the one command."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    with pytest.raises(Unavailable, match="ptmbench fetch --model 'torchvision:fcn_resnet50"):
        PROVIDER.sha256(model_spec("torchvision:fcn_resnet50", ALL_MODELS))


def test_detectors_of_instances_are_refused():
    """Mask R-CNN wants masks of instances, which no task here has."""
    with pytest.raises(UsageError, match="learns from masks or keypoints of instances"):
        PROVIDER.build(model_spec("torchvision:maskrcnn_resnet50_fpn?weights=random", ALL_MODELS), 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name
        for module in (models.detection, models.segmentation)
        for name in models.list_models(module=module)
        if not name.startswith(("maskrcnn", "keypoint"))
    ],
)
def test_every_builder_is_taken(name):
    """Each of torchvision's detectors and segmenters builds at random initialisation for three classes."""
    model = PROVIDER.build(model_spec(f"torchvision:{name}?weights=random", ALL_MODELS), 0)

    assert list(model.assemble(3, 0).body.parameters())
