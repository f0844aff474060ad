"""Feature maps of any image backbone: what detectors and segmenters are built on."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ptmbench.errors import UsageError

COARSEST = 32  # stride of the coarsest map that is used


class FeatureMaps(nn.Module):
    """A backbone's maps at some of its strides.

    `strides` and `channels` describe them from fine to coarse. The maps are the outputs of the modules that were the
    last to run at each stride in a trial run, taken by hooks as the network runs: any network that keeps its channels
    in the second place will do, whatever its modules are called. What lies inside a block that halves the resolution
    is not taken, but what the block before gave.
    """

    def __init__(self, network: nn.Module, example: Tensor) -> None:
        super().__init__()
        self.network = network
        found = self._tried(example)
        if not found:
            raise UsageError("this model gives no feature maps [n, channels, h, w]: detectors and segmenters need them")
        self.strides = tuple(sorted(found))
        self.sources = tuple(found[stride][0] for stride in self.strides)
        self.channels = tuple(found[stride][1] for stride in self.strides)

    def _tried(self, example: Tensor) -> dict[int, tuple[str, int]]:
        """The name and the channels of the last module at each stride for an example batch [n, 3, side, side]."""
        seen = dict[str, tuple[int, int, int]]()  # in the order in which the modules were done

        def note(name: str, _module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and _stride(example, output):
                before = _stride(example, inputs[0]) if inputs and isinstance(inputs[0], Tensor) else 0
                seen[name] = before, _stride(example, output), output.shape[1]

        named = dict(self.network.named_modules())
        hooks = [named[name].register_forward_hook(functools.partial(note, name)) for name in named if name]
        self.network.eval()
        try:
            with torch.inference_mode():
                self.network(example)
        finally:
            for hook in hooks:
                hook.remove()
        found = dict[int, tuple[str, int]]()
        for name, (_, stride, channels) in seen.items():
            around = [seen[block][:2] for block in _blocks_around(name, named) if block in seen]
            if 1 < stride <= COARSEST and all(before != stride or after == stride for before, after in around):
                found[stride] = name, channels
        return found

    def only(self, strides: Sequence[int]) -> "FeatureMaps":
        """The same network with fewer of its maps."""
        kept = [(s, name, c) for s, name, c in zip(self.strides, self.sources, self.channels, strict=True)]
        kept = [row for row in kept if row[0] in strides]
        self.strides, self.sources, self.channels = (tuple(column) for column in zip(*kept, strict=True))
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """The maps [n, channels, h / stride, w / stride] of images [n, 3, h, w], from fine to coarse."""
        found: dict[str, Tensor] = {}

        def keep(name: str, _module: nn.Module, _inputs: Any, output: Tensor) -> None:
            found[name] = output

        hooks = [
            self.network.get_submodule(name).register_forward_hook(functools.partial(keep, name))
            for name in self.sources
        ]
        try:
            self.network(images)
        finally:
            for hook in hooks:
                hook.remove()
        return [found[name] for name in self.sources]


def _stride(example: Tensor, output: Tensor) -> int:
    """The power of two by which maps are smaller than the images, within a fifth; 0 for what are no square maps."""
    if output.dim() != 4 or output.shape[-1] != output.shape[-2] or output.shape[-1] < 2:
        return 0
    exponent = math.log2(example.shape[-1] / output.shape[-1])
    return int(2 ** round(exponent)) if abs(exponent - round(exponent)) < math.log2(1.2) else 0


def _blocks_around(name: str, named: Mapping[str, nn.Module]) -> Iterator[str]:
    """The modules around another that are more than a sequence of modules, from the inside out."""
    while name:
        name = name.rpartition(".")[0]
        if not isinstance(named[name], nn.Sequential):
            yield name
