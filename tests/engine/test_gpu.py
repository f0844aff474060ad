"""Tests that need a CUDA device; run them with `pytest -m gpu`."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.cost import memory
from ptmbench.engine.device import resolve
from ptmbench.engine.workbench import Workbench
from ptmbench.running.floors import load_floors
from ptmbench.running.session import Session

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
FLOORS = Path(__file__).parents[2] / "benchmarks" / "floors.toml"
IDS = [
    *(
        f"resnet_tiny.glyphs-digits_20shot-{method}"
        for method in ("linear_probe", "knn", "fine_tune", "fine_tune_last")
    ),
    "vae_tiny.glyphs-digits_20shot-linear_probe",
    "bert_tiny.invented-ner_100-linear_probe",
    "gpt_tiny.invented-sentiment_50shot-fine_tune",
    "fasterrcnn_tiny.glyphs-scene_boxes_full-fine_tune",
    "yolo_tiny.glyphs-scene_boxes_full-fine_tune",
    "fcn_tiny.glyphs-scene_masks_full-fine_tune",
    "unet_tiny.glyphs-scene_masks_full-frozen_backbone",
]
MIB = 2**20


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A quick session on the device that `auto` finds, with the floors."""
    settings = check_settings(budget="quick")
    folder = tmp_path_factory.mktemp("gpu")
    return Session(settings, folder=folder, floors=load_floors(FLOORS), _bench=Workbench(settings))


def test_auto_is_cuda_in_bf16():
    """`auto` takes the GPU, with bf16 autocast."""
    device = resolve(check_settings())

    assert (device.type, device.precision) == ("cuda", "bf16")


@pytest.mark.parametrize("case_id", IDS)
def test_floors_are_met_in_bf16(session, case_id):
    """Every method, on pictures, scenes and text, reaches its floor within the precision's tolerance."""
    record = session.run(find_case(*case_id.split("-")))

    assert record.quality.floor_met, (record.quality.value, record.quality.floor)
    assert record.provenance.device == "cuda"
    assert record.cost.latency_s.p50 > 0
    assert record.cost.peak_memory_bytes.inference > 0
    assert record.cost.peak_memory_bytes.kind == memory.KINDS["cuda"]


def test_the_frozen_backbone_stays_bit_identical(session):
    """A probe on the GPU changes no parameter and no buffer."""
    case = find_case("vgg_tiny.glyphs", "digits_5shot", "linear_probe")
    backbone = session.bench.model(case, 0).backbone
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}

    session.run(case)

    assert all(torch.equal(before[name], tensor) for name, tensor in backbone.state_dict().items())


def test_peak_memory_of_a_known_allocation():
    """The allocator's peak of a known allocation is its size within 1 %."""
    device = replace(resolve(check_settings()), precision="fp32")
    before = torch.cuda.memory_allocated()

    peak = memory.peak(lambda: torch.empty(64 * MIB, dtype=torch.uint8, device="cuda"), 0, device)

    assert peak - before == pytest.approx(64 * MIB, rel=0.01)
