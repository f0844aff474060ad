"""Latency and throughput of a forward pass: warmed up, device synchronised, every sample kept."""

import time
from collections.abc import Callable

import torch

from ptmbench.engine.device import Device
from ptmbench.records.measured import LatencySamples

WARM_UPS = 5
ROUNDS = 30
DIGITS = 6  # significant digits that a record keeps of a sample
THROUGHPUT_ROUNDS = 5


def rounded(seconds: float) -> float:
    """A sample as it is recorded, with six significant digits."""
    return float(f"{seconds:.{DIGITS}g}")


def time_calls(call: Callable[[], object], rounds: int, device: Device) -> list[float]:
    """Seconds of each of `rounds` calls: by CUDA events on a GPU, by the wall clock elsewhere."""
    samples = []
    for _ in range(rounds):
        if device.type == "cuda":
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            call()
            end.record()
            torch.cuda.synchronize()
            samples.append(begin.elapsed_time(end) / 1000)
        else:
            device.synchronise()
            started = time.perf_counter()
            call()
            device.synchronise()
            samples.append(time.perf_counter() - started)
    return samples


def measure(call: Callable[[], object], batch_size: int, device: Device) -> LatencySamples:
    """Thirty samples of a call on one batch, after five that are thrown away."""
    time_calls(call, WARM_UPS, device)
    samples = time_calls(call, ROUNDS, device)
    return LatencySamples(batch_size, tuple(rounded(sample) for sample in samples))


def throughput(call: Callable[[], object], batch_size: int, device: Device) -> float:
    """Inputs a second: the batch over the median of five calls, after one to warm up."""
    time_calls(call, 1, device)
    samples = sorted(time_calls(call, THROUGHPUT_ROUNDS, device))
    return batch_size / samples[THROUGHPUT_ROUNDS // 2]
