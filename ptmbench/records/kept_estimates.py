"""Estimates kept in memory for whoever asks next, in few bytes and not without end.

A hit or none for each example takes a bit where a float takes 64. What takes more than `LARGEST` altogether goes, the
one that was asked for longest ago first, and is read anew.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.statistics.estimates import Estimate

LARGEST: Final = 2**28  # bytes
OVERHEAD: Final = 500  # bytes of an estimate besides its numbers


@dataclass(frozen=True, eq=False, slots=True)
class Packed:
    """An estimate in few bytes; `shape` is that of effects that are bits, None of others."""

    seeds: tuple[int, ...]
    values: NDArray[np.float64]
    effects: NDArray[Any]
    shape: tuple[int, int] | None
    examples: int
    shares: bool

    @classmethod
    def of(cls, found: Estimate) -> "Packed":
        """The estimate packed."""
        hits = found.effects.astype(bool) if found.shares else None
        if hits is None or not np.array_equal(hits, found.effects):
            return cls(found.seeds, found.values, found.effects, None, found.examples, found.shares)
        rows, columns = hits.shape
        return cls(found.seeds, found.values, np.packbits(hits), (rows, columns), found.examples, found.shares)

    def estimate(self) -> Estimate:
        """The estimate as it was, to the last bit."""
        effects = self.effects
        if self.shape is not None:
            rows, columns = self.shape
            effects = np.unpackbits(effects, count=rows * columns).reshape(self.shape).astype(float)
        return Estimate(self.seeds, self.values, effects, self.examples, self.shares)

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return self.effects.nbytes + self.values.nbytes + OVERHEAD


class KeptEstimates:
    """Estimates by a key, such as the sha256 of their outcomes."""

    def __init__(self) -> None:
        self._packed: OrderedDict[str, Packed] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> Estimate | None:
        """The estimate of a key, None where it is not kept."""
        found = self._packed.get(key)
        if found is None:
            return None
        self._packed.move_to_end(key)
        return found.estimate()

    def keep(self, key: str, found: Estimate) -> None:
        """Keeps an estimate, and forgets others where there is no room for all."""
        packed = Packed.of(found)
        self._packed[key] = packed
        self._size += packed.size
        while self._size > LARGEST and len(self._packed) > 1:
            self._size -= self._packed.popitem(last=False)[1].size
