"""Latency and throughput of a forward pass: warmed up, device synchronised, every sample kept."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ptmbench.engine.device import Device
from ptmbench.reading import text_of
from ptmbench.records.measured import LatencySamples
from ptmbench.records.record import BUSY

WARM_UPS = 5
ROUNDS = 30
TRIES, PAUSE_S = 4, 0.5  # of a busy machine
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
    """Thirty samples of a call on one batch, after five that are thrown away.

    Where the process did not get its cores, they are taken again, a few times, and the least disturbed are kept.
    """
    time_calls(call, WARM_UPS, device)
    tries = [_samples(call, batch_size, device)]
    while len(tries) < TRIES and (tries[-1].waited or 0.0) > BUSY:
        time.sleep(PAUSE_S)
        tries.append(_samples(call, batch_size, device))
    return min(tries, key=lambda found: found.waited or 0.0)


def _samples(call: Callable[[], object], batch_size: int, device: Device) -> LatencySamples:
    started, before, working = time.perf_counter(), waiting_s(), time.thread_time()
    samples = time_calls(call, ROUNDS, device)
    elapsed, after = time.perf_counter() - started, waiting_s()
    if device.type != "cpu":  # there the process waits for the device
        waited = None
    elif before is None or after is None:
        waited = max(1 - (time.thread_time() - working) / elapsed, 0.0)
    else:
        waited = (after - before) / elapsed
    share = None if waited is None else round(waited, 3)
    return LatencySamples(batch_size, tuple(rounded(sample) for sample in samples), share)


def waiting_s() -> float | None:
    """Seconds that the threads of this process have been ready and waited for a core, all together.

    Returns:
        Linux's scheduler statistics (`/proc/PID/task/TID/schedstat`, its second figure); None on other systems, where
        the thread's own processor time stands beside the wall clock instead.
    """
    waits = []
    for file in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # a thread may end meanwhile
            waits.append(int(text_of(file).split()[1]) / 1e9)
    return sum(waits) if waits else None


def throughput(call: Callable[[], object], batch_size: int, device: Device) -> float:
    """Inputs a second: the batch over the median of five calls, after one to warm up."""
    time_calls(call, 1, device)
    samples = sorted(time_calls(call, THROUGHPUT_ROUNDS, device))
    return batch_size / samples[THROUGHPUT_ROUNDS // 2]
