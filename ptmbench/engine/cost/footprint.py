"""The footprint of a network: everything it costs whatever data it sees, measured once and shared between cases."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ptmbench.engine.cost import latency, memory, operations
from ptmbench.engine.device import Device
from ptmbench.engine.transfer.training import Batch, Loss
from ptmbench.records.measured import Footprint, Missing, Timing

THROUGHPUT_BATCH = {"cpu": 64, "mps": 64, "cuda": 4096}  # at most
NO_COUNTER = "this device has no memory counter"

Example = Callable[[int], Tensor]  # random inputs of that batch size: cost does not depend on what they show


def state_bytes(network: nn.Module) -> int:
    """Bytes of a network's parameters and buffers."""
    return memory.bytes_of([*network.parameters(), *network.buffers()])


def _throughput(network: nn.Module, example: Example, device: Device, most: int | None) -> tuple[float | Missing, int]:
    """Inputs a second at the batch that does most, of at most the device's usual one, or `most`."""

    def call_of(batch_size: int) -> Callable[[], object]:
        return functools.partial(network, device.put(example(batch_size)))

    rate, batch_size = latency.throughput(call_of, most or THROUGHPUT_BATCH[device.type], device)
    return (rate, batch_size) if batch_size else (Missing("not even one input fits into memory"), 0)


def timing(
    network: nn.Module, example: Example, device: Device, *, batch_size: int = 1, most: int | None = None
) -> Timing:
    """How fast a network answers, in at most `latency.WITHIN_S` seconds twice, or some calls if those take longer.

    Args:
        network: The network; it is placed on the device, in eval mode.
        example: Makes random inputs of a batch size.
        device: Where it answers.
        batch_size: Inputs of a call whose latency is measured.
        most: The largest batch that throughput is measured with; None: the device's usual one.

    Returns:
        Latency samples in seconds, and inputs a second in batches.
    """
    network = device.place(network).eval()
    inputs = device.put(example(batch_size))
    with torch.inference_mode(), device.autocast():
        samples = latency.measure(lambda: network(inputs), batch_size, device)
        return Timing(samples, *_throughput(network, example, device, most))


def measure(
    network: nn.Module,
    example: Example,
    device: Device,
    *,
    untimed: str | None = None,
    batch_size: int = 1,
    most: int | None = None,
) -> Footprint:
    """The footprint of a network on the device for inputs as `example` makes them.

    `untimed` is why no latency is to be measured, where none is. `most` is the largest batch that throughput is
    measured with.

    `size_bytes` is that of the weights in memory; a caller that knows the checkpoint's puts it there.
    """
    single = example(1)
    counted = operations.counted(network.cpu(), single)
    thop_macs = operations.thop_macs(network, single)
    network = device.place(network).eval()
    if untimed:
        timed = Timing(Missing(untimed), Missing(untimed), 0)
    else:
        timed = timing(network, example, device, batch_size=batch_size, most=most)
    inputs = device.put(example(batch_size))
    with torch.inference_mode(), device.autocast():
        standing = state_bytes(network) + memory.bytes_of([inputs])
        peak = memory.peak(lambda: network(inputs), standing, device)
    return Footprint(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        size_bytes=state_bytes(network),
        macs=counted if isinstance(counted, Missing) else counted.macs,
        flops=counted if isinstance(counted, Missing) else counted.flops,
        thop_macs=thop_macs,
        uncounted_operations=() if isinstance(counted, Missing) else counted.uncounted,
        timing=timed,
        inference_bytes=Missing(NO_COUNTER) if peak is None else peak,
        memory_kind=memory.KINDS.get(device.type, "none"),
    )


def training_peak(network: nn.Module, loss: Loss, batch: Batch, device: Device) -> int | Missing:
    """Peak bytes of one AdamW step on a batch: weights, gradients, optimiser state and activations."""
    network = device.place(network).train()
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad])

    def step() -> None:
        with device.autocast():
            value = loss(network, *batch)
        value.backward()
        optimizer.step()

    peak = memory.peak(step, state_bytes(network) + memory.bytes_of(tensors_in(batch)), device)
    return Missing(NO_COUNTER) if peak is None else peak


def tensors_in(nested: Any) -> Iterator[Tensor]:
    """The tensors in lists, tuples and dictionaries of them."""
    if isinstance(nested, Tensor):
        yield nested
    elif isinstance(nested, Mapping):
        for entry in nested.values():
            yield from tensors_in(entry)
    elif isinstance(nested, Sequence):
        for entry in nested:
            yield from tensors_in(entry)
