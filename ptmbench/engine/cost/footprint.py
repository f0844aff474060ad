"""The footprint of a network: everything it costs whatever data it sees, measured once and shared between cases."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ptmbench.engine.cost import latency, memory, operations
from ptmbench.engine.device import Device
from ptmbench.engine.transfer.training import Batch, Loss
from ptmbench.records.measured import Footprint, Missing

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
    measured with. Latency and throughput take `latency.WITHIN_S` seconds each, or some calls if those take longer.

    `size_bytes` is that of the weights in memory; a caller that knows the checkpoint's puts it there.
    """
    single = example(1)
    counted = operations.counted(network.cpu(), single)
    thop_macs = operations.thop_macs(network, single)
    network = device.place(network).eval()
    inputs = device.put(example(batch_size))
    with torch.inference_mode(), device.autocast():
        samples = Missing(untimed) if untimed else latency.measure(lambda: network(inputs), batch_size, device)
        rate, rate_batch = (Missing(untimed), 0) if untimed else _throughput(network, example, device, most)
        standing = state_bytes(network) + memory.bytes_of([inputs])
        peak = memory.peak(lambda: network(inputs), standing, device)
    return Footprint(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        size_bytes=state_bytes(network),
        macs=counted if isinstance(counted, Missing) else counted.macs,
        flops=counted if isinstance(counted, Missing) else counted.flops,
        thop_macs=thop_macs,
        uncounted_operations=() if isinstance(counted, Missing) else counted.uncounted,
        latency=samples,
        throughput_per_s=rate,
        throughput_batch_size=rate_batch,
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
