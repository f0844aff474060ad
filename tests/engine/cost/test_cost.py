"""Tests of `ptmbench.engine.cost`: known operations, a known sleep, a known allocation."""

import itertools
import sys
import time

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.ops import DeformConv2d, nms

from ptmbench.catalog.references import parse
from ptmbench.engine.cost import energy, latency, memory, operations
from ptmbench.engine.device import Device
from ptmbench.engine.models.torchvision_models import build_network
from ptmbench.records.cost_record import BUSY
from ptmbench.records.measured import Missing

CPU = Device("cpu", "fp32", 2)
MIB = 2**20


def test_macs_of_known_layers():
    """A 3x3 convolution and a linear layer have the multiply-accumulates that the formula gives."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 10 * 10, 5))

    counted = operations.count(network, torch.randn(1, 3, 10, 10))

    assert 3 * 8 * 9 * 100 + 800 * 5 == counted.macs
    assert 2 * counted.macs == counted.flops


def test_macs_scale_with_the_batch():
    """A batch of four costs four times a batch of one."""
    network = nn.Linear(7, 3)

    assert 4 * operations.count(network, torch.randn(1, 7)).macs == operations.count(network, torch.randn(4, 7)).macs


def test_uncounted_operations_are_named():
    """What no formula covers is listed, moves of data are not."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten())

    seen = operations.count(network, torch.randn(1, 3, 8, 8)).uncounted

    assert "relu" in seen
    assert any("batch_norm" in name for name in seen)
    assert len(seen) == 2
    assert "view" not in seen


def test_attention_is_counted_although_its_fast_path_is_on():
    """Products inside fused multi-head attention are counted: projections, scores and their weighted sum."""
    layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, batch_first=True)
    tokens, width = 10, 16

    counted = operations.count(layer, torch.randn(1, tokens, width)).macs

    assert tokens * 4 * width**2 + 2 * tokens**2 * width + 2 * tokens * width * 32 == counted


def test_counting_leaves_the_network_alone():
    """Neither count leaves buffers, hooks or another mode behind."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    operations.count(network, torch.randn(1, 3, 8, 8))
    operations.thop_macs(network, torch.randn(1, 3, 8, 8))

    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert network.training


def test_thop_agrees_on_a_convolution():
    """thop counts the multiply-accumulates of a plain convolution as we do."""
    network, image = nn.Conv2d(3, 8, 3, bias=False), torch.randn(1, 3, 10, 10)

    assert operations.thop_macs(network, image) == operations.count(network, image).macs


def test_missing_thop_is_said(monkeypatch):
    """Without thop its figure is missing, with the line that installs it."""
    monkeypatch.setitem(sys.modules, "thop", None)

    assert Missing("thop is not installed: pip install thop") == operations.thop_macs(nn.Linear(2, 2), torch.ones(1, 2))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet1_1", "vit_b_16", "swin_t", "inception_v3"])
def test_macs_are_what_torchvision_publishes(name):
    """The count agrees with `weights.meta["_ops"]` within 0.5 % or the rounding of its third decimal."""
    weights = models.get_model_weights(name).DEFAULT
    side = weights.transforms().crop_size[0]

    counted = operations.count(build_network(parse(f"torchvision:{name}"), 0), torch.randn(1, 3, side, side)).macs / 1e9

    assert counted == pytest.approx(weights.meta["_ops"], rel=0.005, abs=0.0005)


def test_latency_of_a_known_sleep():
    """A sleep of 20 ms takes 20 ms in every sample."""
    samples = latency.time_calls(lambda: time.sleep(0.02), 5, CPU)

    assert len(samples) == 5
    assert min(samples) >= 0.02
    assert sorted(samples)[2] == pytest.approx(0.02, rel=0.2)


def test_throughput_of_a_known_sleep():
    """Of 20 ms a call and 5 ms an input, a batch of 16 makes the most that 16 inputs at a time can."""
    rate, batch_size = latency.throughput(lambda size: lambda: time.sleep(0.02 + 0.005 * size), 16, CPU)

    assert 16 == batch_size
    assert rate == pytest.approx(160, rel=0.2)


def test_throughput_ends_where_it_no_longer_rises():
    """A batch is not doubled for nothing, nor beyond memory; without memory for one input there is no rate."""
    tried = []

    def call_of(size):
        tried.append(size)
        if size > 32:
            raise torch.OutOfMemoryError
        return lambda: time.sleep(0.004 * size)

    assert latency.throughput(call_of, 64, CPU)[1] in {1, 2, 4}
    assert tried[-1] < 64
    assert (0.0, 0) == latency.throughput(lambda _: call_of(64), 64, CPU)


def test_slow_calls_are_sampled_for_seconds_only(monkeypatch):
    """A call that takes long has eight samples, and its batch is not doubled beyond the time there is."""
    monkeypatch.setattr(latency, "WITHIN_S", 0.08)
    sizes = []

    def call_of(size):
        sizes.append(size)
        return lambda: time.sleep(0.02)

    assert 8 == len(latency.measure(call_of(1), 1, CPU).samples)
    latency.throughput(call_of, 64, CPU)
    assert [1, 1, 2] == sizes


def test_measure_keeps_thirty_samples_of_six_digits():
    """A measurement has 30 samples, each with at most six significant digits."""
    measured = latency.measure(lambda: None, 4, CPU)

    assert (4, 30) == (measured.batch_size, len(measured.samples))
    assert all(float(f"{sample:.6g}") == sample for sample in measured.samples)


@pytest.mark.parametrize("mebibytes", [8, 64])
def test_peak_memory_of_a_known_allocation(mebibytes):
    """The peak of an allocation is its size within 1 %, and repeats to the byte."""
    peaks = [memory.live_peak(lambda: torch.empty(mebibytes * MIB, dtype=torch.uint8), 0) for _ in range(2)]

    assert peaks[0] == pytest.approx(mebibytes * MIB, rel=0.01)
    assert peaks[0] == peaks[1]


def test_peak_memory_counts_what_is_alive_together():
    """Two tensors one after the other peak at one, two at once at both; what stood before is added."""

    def one_by_one():
        torch.empty(8 * MIB, dtype=torch.uint8)
        torch.empty(8 * MIB, dtype=torch.uint8)

    def together():
        return torch.empty(8 * MIB, dtype=torch.uint8), torch.empty(8 * MIB, dtype=torch.uint8)

    assert memory.live_peak(one_by_one, 0) == pytest.approx(8 * MIB, rel=0.01)
    assert memory.live_peak(together, 4 * MIB) == pytest.approx(20 * MIB, rel=0.01)


def test_energy_without_a_counter_says_so(monkeypatch, tmp_path):
    """Where there is no counter the energy is missing, with a reason."""
    monkeypatch.setattr(energy, "RAPL", tmp_path)

    reading = energy.counter_joules(CPU)

    assert isinstance(reading, Missing)
    assert reading == energy.spent(reading, reading)


def test_energy_is_the_difference_of_two_readings(monkeypatch, tmp_path):
    """Joules are the sum over packages, in microjoules on disk; a counter that wrapped says nothing."""
    monkeypatch.setattr(energy, "RAPL", tmp_path)
    for index in (0, 1):
        (tmp_path / f"intel-rapl:{index}").mkdir()
        (tmp_path / f"intel-rapl:{index}" / "energy_uj").write_text("2500000\n")

    assert energy.counter_joules(CPU) == pytest.approx(5.0)
    assert energy.spent(5.0, 7.5) == pytest.approx(2.5)
    assert isinstance(energy.spent(7.5, 5.0), Missing)


def test_latency_of_a_busy_machine_is_taken_again(monkeypatch):
    """Samples taken while other work had the cores are taken again, and where that does not help they say so."""
    waits = iter([0.0, 9.0, 9.0, 9.0])  # a first try that waited, and a second that did not
    monkeypatch.setattr(latency, "waiting_s", lambda: next(waits))
    monkeypatch.setattr(latency, "PAUSE_S", 0)
    assert 0 == latency.measure(lambda: None, 1, CPU).waited

    always = itertools.count(0, 9)
    monkeypatch.setattr(latency, "waiting_s", lambda: float(next(always)))
    assert BUSY < latency.measure(lambda: None, 1, CPU).waited


def test_waiting_is_counted_where_the_system_tells(monkeypatch):
    """Linux counts how long threads wait for a core; elsewhere processor time stands beside the wall clock."""
    before, after = latency.waiting_s(), latency.waiting_s()
    assert before is None or 0 <= before <= after

    monkeypatch.setattr(latency, "waiting_s", lambda: None)
    monkeypatch.setattr(latency, "PAUSE_S", 0)
    assert BUSY < latency.measure(lambda: time.sleep(0.001), 1, CPU).waited


class Called(nn.Module):
    """A module that is called in its own way."""

    def __init__(self, way, **parts):
        super().__init__()
        self.way = way
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, inputs):
        """What the way makes of module and inputs."""
        return self.way(self, inputs)


@pytest.mark.parametrize(
    ("network", "inputs", "macs"),
    [
        (nn.LSTM(8, 16, batch_first=True), (1, 5, 8), 5 * (64 * 8 + 64 * 16)),
        (nn.LSTM(8, 16, bidirectional=True), (5, 1, 8), 2 * 5 * (64 * 8 + 64 * 16)),
        (nn.GRU(8, 16), (5, 1, 8), 5 * (48 * 8 + 48 * 16)),
        (Called(lambda m, x: m.form(x, x), form=nn.Bilinear(4, 4, 6)), (2, 4), 2 * (6 * 4 * 4 + 6 * 4)),
        (Called(lambda m, x: m.layer.weight @ x, layer=nn.Linear(4, 3)), (4,), 12),
        (Called(lambda _m, x: torch.dot(x, x)), (4,), 4),
        (
            Called(lambda m, x: m.layer(x, x.new_zeros(1, 18, 6, 6)), layer=DeformConv2d(3, 4, 3)),
            (1, 3, 8, 8),
            4 * 36 * 27,
        ),
    ],
)
def test_layers_that_torch_does_not_count(network, inputs, macs):
    """Recurrent layers, bilinear forms, products with vectors and deformable convolutions, as counted by hand."""
    assert macs == operations.count(network, torch.randn(inputs)).macs


@pytest.mark.filterwarnings("ignore")
def test_quantised_layers_are_counted_and_others_listed():
    """A quantised linear layer has the products of the full one; an operation outside torch's own is named."""
    network = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 4)), {nn.Linear}, dtype=torch.qint8)
    boxes = Called(lambda _m, x: nms(x[:, :4].abs(), x[:, 4], 0.5))

    assert 2 * 8 * 4 == operations.count(network, torch.randn(2, 8)).macs
    assert "torchvision.nms" in operations.count(boxes, torch.rand(3, 5)).uncounted


def test_counts_are_those_of_torchs_own_counter():
    """On what torch has formulas for, both give the same."""
    network, image = models.resnet18(weights=None).eval(), torch.randn(1, 3, 64, 64)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)

    assert counter.get_total_flops() == operations.count(network, image).flops


def test_what_cannot_be_counted_says_why():
    """A network that cannot be copied has no count, and a reason in its place."""

    def refuse(_self, _memo):
        raise TypeError("has a lock")

    network = type("Locked", (nn.Linear,), {"__deepcopy__": refuse})(3, 2)
    counted = operations.counted(network, torch.randn(1, 3))

    assert Missing("the operations of this network cannot be counted (TypeError: has a lock)") == counted
