"""Where in a picture network its stages end: what is read there says how early it knows what it knows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn

MOST: Final = 5  # stages that are read; of more, as many at equal distances


class Depths(nn.Module):
    """What a network gives at the ends of some of its modules, each averaged over places: [n, channels] by name."""

    def __init__(self, network: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Means over height and width, or over tokens, at each of the modules in turn."""
        with _listening(self.network, self.names) as heard:
            self.network(inputs)
        return {name: _mean(heard[name]) for name in self.names}


def ends_of(network: nn.Module, inputs: Tensor) -> tuple[str, ...]:
    """The names of the modules that a network's stages end with, in the order in which they run.

    The last module of each height and width, or of each number of tokens; of a network whose maps have one size
    throughout the blocks that make up its longest list. Maps are told from their square sides, channels first or last.

    Args:
        network: In eval mode.
        inputs: A batch that it takes.

    Returns:
        At most `MOST` names; none where nothing with places is computed.
    """
    names = tuple(name for name, _ in network.named_modules() if name)
    with torch.inference_mode(), _listening(network, names) as heard:
        network(inputs)
    sizes: dict[tuple[int, ...], str] = {}
    for name, outputs in heard.items():
        places = tuple(outputs.shape[axis] for axis in _places(outputs))
        if places and max(places) > 1:
            sizes.pop(places, None)
            sizes[places] = name
    found = [*sizes.values()] if len(sizes) > 2 else _blocks(network, heard)
    if len(found) > MOST:
        found = [found[round(place * (len(found) - 1) / (MOST - 1))] for place in range(MOST)]
    return tuple(found)


def last_map(network: nn.Module, inputs: Tensor) -> str | None:
    """The name of the module that ends last with a map [n, channels, height, width] of several places.

    None without, and of a network that goes on with tokens, such as a vision transformer: its map is the first layer's.
    A map of as many places as the input has is no summary of it, and does not count.
    """
    names = tuple(name for name, _ in network.named_modules() if name)
    with torch.inference_mode(), _listening(network, names) as heard:
        network(inputs)
    found = None
    for name, outputs in heard.items():
        if outputs.dim() == 3:
            found = None
        elif _places(outputs) == (2, 3) and 1 < outputs.shape[-1] < inputs.shape[-1]:
            found = name
    return found


def _blocks(network: nn.Module, heard: Mapping[str, Tensor]) -> list[str]:
    """The members of the longest list of modules of one class that all give something with places."""
    lists = (
        [f"{name}.{child}".lstrip(".") for child, _ in module.named_children()]
        for name, module in network.named_modules()
        if isinstance(module, nn.ModuleList | nn.Sequential) and len({type(member) for member in module}) == 1
    )
    return max((names for names in lists if all(name in heard for name in names)), key=len, default=[])


@contextmanager
def _listening(network: nn.Module, names: tuple[str, ...]) -> Iterator[dict[str, Tensor]]:
    """What the named modules give while this lasts, in the order in which they end; of several, their first tensor."""
    heard: dict[str, Tensor] = {}

    def listener(name: str) -> Any:
        def hear(_module: nn.Module, _inputs: Any, outputs: Any) -> None:
            first = outputs[0] if isinstance(outputs, tuple) and outputs else outputs
            if isinstance(first, Tensor) and first.dim() in {3, 4}:
                heard.pop(name, None)
                heard[name] = first

        return hear

    handles = [network.get_submodule(name).register_forward_hook(listener(name)) for name in names]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def _places(outputs: Tensor) -> tuple[int, ...]:
    """The axes of height and width, or of tokens; none where they cannot be told."""
    if outputs.dim() == 3:
        return (1,)
    first, second, third = outputs.shape[1:]
    if second == third:
        return 2, 3
    return (1, 2) if first == second else ()


def _mean(outputs: Tensor) -> Tensor:
    """Over height and width, or over tokens."""
    return outputs.mean(dim=_places(outputs))
