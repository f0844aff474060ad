"""Peak memory of a call: the allocator's peak on a GPU, the peak of live tensor bytes on a CPU.

On a CPU the peak comes from the allocation events of torch's profiler, in a pass of its own, on top of what was alive
before (`standing`). It repeats to the byte; the resident set does not, since the allocator keeps its pages.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from ptmbench.engine.device import Device

KINDS = {
    "cuda": "peak of the CUDA allocator",
    "cpu": "peak of live tensor bytes by allocation events, weights and inputs included",
}


def bytes_of(tensors: Iterable[Tensor]) -> int:
    """Bytes of different tensors."""
    return sum(tensor.numel() * tensor.element_size() for tensor in {id(t): t for t in tensors}.values())


def live_peak(call: Callable[[], object], standing: int) -> int:
    """Peak of live tensor bytes during a call on the CPU, given the bytes alive before it."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True) as recorded:
        kept = call()
    del kept
    assert recorded.profiler is not None
    assert recorded.profiler.kineto_results is not None
    events = [event for event in recorded.profiler.kineto_results.events() if event.name() == "[memory]"]
    now, peak = standing, standing
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return peak


def peak(call: Callable[[], object], standing: int, device: Device) -> int | None:
    """Peak bytes of a call, weights and inputs included; None where the device has no counter (MPS)."""
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated()
    if device.type == "cpu":
        return live_peak(call, standing)
    return None
