"""Latency and throughput of a forward pass: warmed up, device synchronised, every sample kept, within seconds."""

import contextlib
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ptmbench.engine.device import Device
from ptmbench.reading import text_of
from ptmbench.records.cost_record import BUSY
from ptmbench.records.measured import LatencySamples

WARM_UPS = 5
ROUNDS, FEWEST = 30, 8  # samples, and how many there are however long they take
WITHIN_S = 4.0  # that latency takes, and throughput
TRIES, PAUSE_S = 4, 0.5  # of a busy machine
DIGITS = 6  # significant digits that a record keeps of a sample
THROUGHPUT_ROUNDS = 5
RISES = 1.05  # a larger batch that does no more than this is no gain


def rounded(seconds: float) -> float:
    """A sample as it is recorded, with six significant digits."""
    return float(f"{seconds:.{DIGITS}g}")


def time_calls(
    call: Callable[[], object], rounds: int, device: Device, *, within_s: float = math.inf, fewest: int = 1
) -> list[float]:
    """Seconds of each of `rounds` calls: by CUDA events on a GPU, by the wall clock elsewhere.

    Where they take longer than `within_s`, all together, they end after at least `fewest`.
    """
    samples: list[float] = []
    while len(samples) < rounds and (len(samples) < fewest or sum(samples) < within_s):
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
    """Thirty samples of a call on one batch, after five that are thrown away; of slow calls fewer, and at least eight.

    Where the process did not get its cores, they are taken again while there is time, a few times, and the least
    disturbed are kept.
    """
    started = time.perf_counter()
    time_calls(call, WARM_UPS, device, within_s=WITHIN_S / 8)
    tries = [_samples(call, batch_size, device)]
    while (
        len(tries) < TRIES and (tries[-1].waited or 0.0) > BUSY and time.perf_counter() - started + PAUSE_S < WITHIN_S
    ):
        time.sleep(PAUSE_S)
        tries.append(_samples(call, batch_size, device))
    return min(tries, key=lambda found: found.waited or 0.0)


def _samples(call: Callable[[], object], batch_size: int, device: Device) -> LatencySamples:
    started, before, working = time.perf_counter(), waiting_s(), time.thread_time()
    samples = time_calls(call, ROUNDS, device, within_s=WITHIN_S, fewest=FEWEST)
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


def throughput(call_of: Callable[[int], Callable[[], object]], most: int, device: Device) -> tuple[float, int]:
    """The most inputs a second, found by doubling the batch until that is no gain twice over.

    Args:
        call_of: The call on a batch of that many inputs; it may not find the memory for it, nor may its call.
        most: The largest batch that is tried.
        device: Where the call works.

    Returns:
        Inputs a second, by the median of at most five calls after one to warm up, and the batch they came in; (0, 0)
        where not even one input fits into memory.
    """
    best, batch_size, flat, spent = (0.0, 0), 1, 0, 0.0
    while batch_size <= most and flat < 2 and 3 * spent < 2 * WITHIN_S:  # the next takes as long as all before
        try:
            call = call_of(batch_size)
            warm = time_calls(call, 1, device)
            samples = time_calls(call, THROUGHPUT_ROUNDS, device, within_s=WITHIN_S / 8)
        except (torch.OutOfMemoryError, MemoryError):
            break
        spent += sum(warm) + sum(samples)
        rate = batch_size / statistics.median(samples)
        flat = 0 if rate > RISES * best[0] else flat + 1
        best = max(best, (rate, batch_size))
        batch_size *= 2
    return best
