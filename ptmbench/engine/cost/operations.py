"""Operations of one forward pass: multiply-accumulates, counted at the dispatcher, with thop's count beside it.

FLOPs = 2 x MACs. The dispatcher sees convolutions, matrix products and attention; everything else (normalisation,
activation, pooling) is listed by name as uncounted, as in the figures that torchvision publishes.
"""

import contextlib
import copy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from ptmbench.records.measured import Missing

# fmt: off
_MOVES_ONLY = frozenset({
    "_reshape_alias", "_to_copy", "_unsafe_view", "alias", "arange", "as_strided", "as_strided_", "cat", "clone",
    "constant_pad_nd",
    "copy_", "detach", "empty", "empty_like", "empty_strided", "expand", "full", "gather", "index", "index_select",
    "is_same_size", "lift_fresh", "new_empty", "new_zeros", "permute", "roll", "scalar_tensor", "select", "slice",
    "split", "split_with_sizes", "squeeze", "stack", "t", "transpose", "unbind", "unsafe_split", "unsqueeze", "view",
    "zeros", "zeros_like",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Operations:
    """MACs and FLOPs of the whole input, and the arithmetic operations that were seen and not counted."""

    macs: int
    flops: int
    uncounted: tuple[str, ...]


class _SeenOperations(TorchDispatchMode):
    """Collects the names of the operations that no FLOP formula covers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        packet = func.overloadpacket
        name = packet.__name__
        if packet not in flop_registry and name not in _MOVES_ONLY and func.namespace == "aten":
            self.names.add(name)
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def _fused_attention_off() -> Iterator[None]:
    """The fused multi-head path hides its products from the dispatcher on a CPU under no_grad."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def count(network: nn.Module, inputs: Tensor) -> Operations:
    """Counts one forward pass in eval mode on a copy, so that the network is left as it was."""
    network = copy.deepcopy(network).eval()
    with torch.no_grad(), _fused_attention_off():
        with FlopCounterMode(display=False) as counter:
            network(inputs)
        with _SeenOperations() as seen:
            network(inputs)
    flops = counter.get_total_flops()
    return Operations(macs=flops // 2, flops=flops, uncounted=tuple(sorted(seen.names)))


def thop_macs(network: nn.Module, inputs: Tensor) -> int | Missing:
    """What thop counts for one forward pass; it misses attention products and adds some normalisations."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*distutils.*", category=DeprecationWarning)
            from thop import profile  # here: its import warns, and the GPU machine may not have it
    except ImportError:
        return Missing("thop is not installed: pip install thop")
    # thop leaves buffers on the modules it counts, so it gets a copy.
    counted, _ = profile(copy.deepcopy(network).eval(), inputs=(inputs,), verbose=False)
    return int(counted)
