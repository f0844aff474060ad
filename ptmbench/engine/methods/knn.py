"""k nearest neighbours on frozen, standardised features: cosine distance, votes weighted by its inverse."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import Tensor
from torch.nn import functional

from ptmbench.engine.methods.frozen_method import Features, FitContext, Predictor, Probabilities, scaler_of
from ptmbench.engine.metrics import Labels

MOST_DISTANCES = 2**25  # at a time: 128 MiB
SAME = 1e-6  # distances below it are rounding: such neighbours are the example itself, and they alone vote


def fit(features: Features, labels: Labels, neighbours: float, context: FitContext) -> Predictor:
    """Remembers features [n, d] and labels [n]; at most n neighbours vote."""
    return fit_all(features, labels, [neighbours], context)[0]


def fit_all(
    features: Features, labels: Labels, neighbours: Sequence[float], context: FitContext
) -> Sequence[Predictor]:
    """Remembers them once: all numbers of neighbours share one search."""
    counts = sorted({min(int(count), len(labels)) for count in neighbours})
    search = _Search(scaler_of(features, context), counts, context.device, labels, len(context.classes))
    search.known = search.directions(features)

    def predictor(count: int) -> Predictor:
        return lambda unseen: search.votes(unseen)[count]

    return [predictor(min(int(count), len(labels))) for count in neighbours]


@dataclass(slots=True)
class _Search:
    """Neighbours of unseen examples, and what the nearest `counts` of them vote for; the last answer is kept."""

    scaler: StandardScaler | FunctionTransformer
    counts: Sequence[int]
    device: str
    labels: Labels
    classes: int
    known: Tensor = field(default_factory=lambda: torch.empty(0))
    _last: tuple[Features, dict[int, Probabilities]] | None = None

    def directions(self, features: Features) -> Tensor:
        """Scaled features [n, d] of norm 1; zeros stay."""
        scaled = torch.from_numpy(np.ascontiguousarray(self.scaler.transform(features), dtype=np.float32))
        return functional.normalize(scaled.to(self.device), eps=1e-12)

    def votes(self, unseen: Features) -> dict[int, Probabilities]:
        """The share of the votes [m, classes] that each number of neighbours gives unseen examples."""
        if self._last is None or self._last[0] is not unseen:
            with torch.inference_mode():
                parts = self.directions(unseen).split(max(1, MOST_DISTANCES // len(self.labels)))
                found = [self._voted(part) for part in parts]
            self._last = unseen, {count: np.concatenate([part[count] for part in found]) for count in self.counts}
        return self._last[1]

    def _voted(self, directions: Tensor) -> dict[int, Probabilities]:
        near = (directions @ self.known.T).topk(self.counts[-1], dim=1)
        distances = (1 - near.values).clamp_min(0)
        same = distances < SAME
        weights = torch.where(same[:, :1], same.double(), 1 / distances.double().clamp_min(SAME))
        labels = torch.from_numpy(self.labels).to(self.device)[near.indices]
        votes = weights.new_zeros(len(directions), max(self.classes, int(self.labels.max()) + 1))
        found, counted = {}, 0
        for count in self.counts:
            votes.scatter_add_(1, labels[:, counted:count], weights[:, counted:count])
            counted = count
            found[count] = (votes / votes.sum(1, keepdim=True)).cpu().numpy()
        return found


def trainable_parameters(feature_size: int, classes: int) -> int:
    """None: neighbours are remembered, not trained."""
    return 0
