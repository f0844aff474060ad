"""What the engine asks of any model: a backbone in two parts, and the preprocessing its checkpoint wants."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from torch import Tensor, nn

from ptmbench.engine.inputs.pictures import Preprocessing

LARGE: Final = 0.05  # of the parameters: what stands before the first such block from the end is the trunk
HUGE: Final = 0.5  # a block of more is looked into for a smaller one


class Pool(NamedTuple):
    """One way of making a feature vector of what the tail gives, and its size."""

    module: nn.Module
    feature_size: int


class Backbone(nn.Module):
    """A feature extractor `pool(tail(trunk(x)))`: inputs [n, ...] to features [n, feature_size].

    The tail is the last stage, which `fine_tune_last` trains while the trunk stays as it came. Some models offer
    several poolings (mean over tokens or the first token; the posterior mean or the last convolution): the first is
    the usual one, `pooled_by` gives the others. A model without a choice pools in its tail.

    A network that is not divided has an empty trunk; `last_stage` names the modules of its tail that
    `fine_tune_last` trains.
    """

    def __init__(
        self,
        trunk: nn.Module,
        tail: nn.Module,
        feature_size: int = 0,
        pools: Mapping[str, Pool] | None = None,
        last_stage: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.last_stage = last_stage
        self.trunk = trunk
        self.tail = tail
        self.pooling: str | None = None
        self.sizes: dict[str, int] = {}
        self.feature_size = feature_size
        if pools:
            self.pools = nn.ModuleDict({name: pool.module for name, pool in pools.items()})
            self.sizes = {name: pool.feature_size for name, pool in pools.items()}
            self.pooling = next(iter(pools))
            self.feature_size = self.sizes[self.pooling]

    def pooled_by(self, name: str) -> "Backbone":
        """The same modules, pooled in another of the ways that `sizes` lists."""
        other = copy.copy(self)
        other.pooling, other.feature_size = name, self.sizes[name]
        return other

    @property
    def last(self) -> nn.Module:
        """The tail with the pooling."""
        return self.tail if self.pooling is None else nn.Sequential(self.tail, self.pools[self.pooling])

    def last_blocks(self, count: int) -> tuple[str, ...]:
        """The names of the modules that its last stages are made of, from the end backwards.

        The last stage is the tail, or of a network that is not divided what `last_stage` names. Each before it is a
        block that holds at least a twentieth of the parameters there, embeddings not counted, with the small ones
        behind it; a block of more than half of them is looked into. Fewer stages than asked for are all of them.
        """
        if not size_of(self.trunk):
            return tuple(_blocks([("tail", self.tail)], size_of(self.tail), [count]))
        return ("tail", *_blocks([("trunk", self.trunk)], size_of(self.trunk), [count - 1]))

    def forward(self, inputs: Tensor) -> Tensor:
        """Features [n, feature_size]."""
        outputs: Tensor = self.tail(self.trunk(inputs))
        if self.pooling is not None:
            outputs = self.pools[self.pooling](outputs)
        return outputs


def size_of(module: nn.Module) -> int:
    """Parameters, those of embeddings left out."""
    embeddings = {p for part in module.modules() if isinstance(part, nn.Embedding) for p in part.parameters()}
    return sum(parameter.numel() for parameter in module.parameters() if parameter not in embeddings)


def _blocks(named: Sequence[tuple[str, nn.Module]], total: int, left: list[int]) -> Iterator[str]:
    """The names of blocks, the last first, until no stage of `left` is left to find."""
    for name, block in reversed(named):
        size, inner = size_of(block), [(f"{name}.{child}", module) for child, module in block.named_children()]
        if not left[0] or not size:
            continue
        if size > HUGE * total and inner:
            yield from _blocks(inner, total, left)
        else:
            yield name
            left[0] -= size >= LARGE * total


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A backbone in eval mode with what the record has to say of it.

    `loaded_fraction` is the share of the backbone's tensors that came from the checkpoint (None: there is none).
    `standardise`: the features have no common scale, so that a probe has to give them one. `passes_on`: the features
    are the inputs themselves, as many as the data gives.
    """

    backbone: Backbone
    preprocessing: Preprocessing
    weights_sha256: str | None
    loaded_fraction: float | None
    size_bytes: int
    pretrain_time_s: float | None
    standardise: bool = True
    passes_on: bool = False
