"""What is asked of any network once, at load: that it gives features, the same ones twice, and no probabilities."""

import re
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from ptmbench.engine.foreign_code import said
from ptmbench.errors import WeightsError

ACTIVATIONS = {
    **dict.fromkeys(("softmax", "_softmax"), "a softmax"),
    **dict.fromkeys(("log_softmax", "_log_softmax"), "a log-softmax"),
    **dict.fromkeys(("sigmoid", "sigmoid_", "special_expit"), "a sigmoid"),
}
CLOSE = 1e-3  # of the largest value: how far two passes in eval mode may lie apart
ONE = 1e-4  # how far probabilities may add up beside 1
CHANNELS = re.compile(r"to have (\d+) channels, but got 3 channels")
ARGUMENT = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: '(\w+)'")


class _LastActivation(TorchDispatchMode):
    """Remembers which memory a softmax or sigmoid has written last, as long as nothing else is written there."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.written: dict[int, str] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        outputs = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if isinstance(outputs, Tensor):
            place = _place(outputs)
            if name in ACTIVATIONS:
                self.written[place] = ACTIVATIONS[name]
            elif name.endswith("_") or all(_place(given) != place for given in args if isinstance(given, Tensor)):
                self.written.pop(place, None)  # new memory, or changed in place; views leave it as it is
        return outputs


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr() if tensor.layout is torch.strided else -1


def checked(network: nn.Module, example: Tensor, name: str) -> Tensor:
    """What a network gives in eval mode for a batch of examples [n, ...].

    Raises `WeightsError` where it fails, gives something else the second time, or gives probabilities.
    """
    network.eval()
    try:
        with torch.no_grad(), _LastActivation() as activations:
            first: Tensor = network(example)
        with torch.no_grad():
            second: Tensor = network(example)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise WeightsError(f"{name} fails on a batch of examples {list(example.shape)}: {_why(error)}") from error
    scale = float(first.abs().max())
    if first.shape != second.shape or float((first - second).abs().max()) > CLOSE * scale:
        raise WeightsError(
            f"{name} gives other features for the same examples each time, in eval mode too: it draws at random "
            "inside, and figures of it would mean nothing; switch its masking or sampling off"
        )
    _refuse_probabilities(first, activations.written.get(_place(first)), name)
    return first


def _why(error: BaseException) -> str:
    found, asked = CHANNELS.search(str(error)), ARGUMENT.search(str(error))
    if found:
        return (
            f"its first convolution takes {found[1]} channel{'s' * (found[1] != '1')}, and every picture here has 3 "
            "(red, green, blue): wrap it in a module that makes its channels of them"
        )
    if asked:
        return (
            f"it asks for {asked[1]} besides: ptmbench feeds pictures or texts alone, so this model cannot be measured"
        )
    return said(error)


def _refuse_probabilities(outputs: Tensor, activation: str | None, name: str) -> None:
    several = outputs.dim() == 2 and outputs.shape[1] > 1
    if activation is None and several and bool((outputs >= 0).all()):
        sums = outputs.sum(dim=1)
        activation = "a softmax" if bool(((sums - 1).abs() < ONE).all()) else None
    if activation:
        raise WeightsError(
            f"{name} gives probabilities, not features: {activation} stands behind the layer that was taken off as its "
            "head; build the network without that activation"
        )
