"""Operations of one forward pass: multiply-accumulates, counted at the dispatcher, with thop's count beside it.

FLOPs = 2 x MACs. Convolutions, matrix products and attention are counted by torch's own formulas, what those leave
out (recurrent layers, bilinear forms, products with vectors, deformable and quantised layers) by ours; everything else
(normalisation, activation, pooling) is listed by name as uncounted, as in the figures that torchvision publishes.
torch's `FlopCounterMode` itself is not used: it tracks modules, and breaks on some (DeBERTa).
"""

import contextlib
import copy
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import HigherOrderOperator
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ptmbench.engine.foreign_code import first_line
from ptmbench.records.measured import Missing

# fmt: off
_MOVES_ONLY = frozenset({
    "_reshape_alias", "_to_copy", "_unsafe_view", "alias", "arange", "as_strided", "as_strided_", "cat", "clone",
    "constant_pad_nd",
    "copy_", "detach", "empty", "empty_like", "empty_strided", "expand", "full", "gather", "index", "index_select",
    "is_same_size", "lift_fresh", "new_empty", "new_zeros", "permute", "roll", "scalar_tensor", "select", "slice",
    "split", "split_with_sizes", "squeeze", "stack", "t", "transpose", "unbind", "unsafe_split", "unsqueeze", "view",
    "zeros", "zeros_like", "torchvision._cuda_version",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Operations:
    """MACs and FLOPs of the whole input, and the arithmetic operations that were seen and not counted."""

    macs: int
    flops: int
    uncounted: tuple[str, ...]


def _recurrent(inputs: Tensor, of_inputs: Tensor, of_states: Tensor, *_others: Any) -> int:
    """One layer over steps [t, n, d]: the weights of inputs and states at every step."""
    return inputs.shape[0] * inputs.shape[1] * (of_inputs.numel() + of_states.numel())


def _bilinear(first: Tensor, weight: Tensor, second: Tensor, *_others: Any) -> int:
    """[n, i] and [n, j] by [o, i, j]: every weight with the first, and what that gives with the second."""
    rows = first.numel() // first.shape[-1]
    return rows * (weight.numel() + weight.shape[0] * second.shape[-1])


def _matrix_vector(matrix: Tensor, _vector: Tensor, *_others: Any) -> int:
    return matrix.numel()


FORMULAS: Mapping[str, Callable[..., int]] = {  # multiply-accumulates of the arguments of what torch has no formula for
    "aten.mkldnn_rnn_layer": _recurrent,
    "aten._trilinear": _bilinear,
    "aten.mv": _matrix_vector,
    "aten.dot": _matrix_vector,
    "aten.vdot": _matrix_vector,
    "aten.addmv": lambda _added, matrix, vector, *_others: _matrix_vector(matrix, vector),
    "aten.addbmm": lambda _added, left, right, *_others: left.numel() * right.shape[-1],
}
WEIGHTED = frozenset({"torchvision.deform_conv2d"})  # their second argument is the weight [outputs, ...]
PACKED = frozenset(  # their second argument holds the quantised weight
    f"quantized.{name}{ending}"
    for name in ("linear", "linear_dynamic", "conv1d", "conv2d", "conv3d")
    for ending in ("", "_relu")
)
SILENT = frozenset({"prim", "profiler"})  # namespaces of what computes nothing


def _macs(name: str, arguments: Sequence[Any], output: Any) -> int | None:
    """The multiply-accumulates of a call that torch has no formula for; None: there is none here either."""
    if name in FORMULAS:
        return FORMULAS[name](*arguments)
    if name in WEIGHTED or name in PACKED:
        weight = arguments[1] if name in WEIGHTED else arguments[1].unpack()[0]
        return int(output.numel() * weight[0].numel())  # each output is one product with a row of the weights
    return None


class _Counter(TorchDispatchMode):
    """Adds up the FLOPs of what a formula covers, and collects the names of what none does."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.flops = 0
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if isinstance(func, HigherOrderOperator):
            return self._known(func, func(*args, **kwargs), args, kwargs, func.name())
        packet = func.overloadpacket
        if packet not in flop_registry and func.namespace == "aten":
            with self:  # an operation that is made of others is counted as those
                output = func.decompose(*args, **kwargs)
                if output is not NotImplemented:
                    return output
        return self._known(packet, func(*args, **kwargs), args, kwargs, f"{func.namespace}.{packet.__name__}")

    def _known(self, packet: Any, output: Any, args: Any, kwargs: Any, name: str) -> Any:
        macs = _macs(name, args, output)
        if packet in flop_registry:
            self.flops += flop_registry[packet](*args, **kwargs, out_val=output)
        elif macs is not None:
            self.flops += 2 * macs
        elif name.removeprefix("aten.") not in _MOVES_ONLY and name.partition(".")[0] not in SILENT:
            self.names.add(name.removeprefix("aten."))
        return output


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
    with torch.no_grad(), _fused_attention_off(), _Counter() as counter:
        network(inputs)
    return Operations(macs=counter.flops // 2, flops=counter.flops, uncounted=tuple(sorted(counter.names)))


def counted(network: nn.Module, inputs: Tensor) -> Operations | Missing:
    """The count, or why this network cannot be counted: its quality stands without."""
    try:
        return count(network, inputs)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  copying and intercepting meet whatever a network is made of
        return Missing(
            f"the operations of this network cannot be counted ({type(error).__name__}: {first_line(error)})"
        )


def thop_macs(network: nn.Module, inputs: Tensor) -> int | Missing:
    """What thop counts for one forward pass; it misses attention products and adds some normalisations."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*distutils.*", category=DeprecationWarning)
            from thop import profile  # here: its import warns, and the GPU machine may not have it
    except ImportError:
        return Missing("thop is not installed: pip install thop")
    try:  # thop leaves buffers on the modules it counts, so it gets a copy
        counted, _ = profile(copy.deepcopy(network).eval(), inputs=(inputs,), verbose=False)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  its hooks meet modules that they were not made for
        return Missing(f"thop cannot count this network ({type(error).__name__}: {first_line(error)})")
    return int(counted)
