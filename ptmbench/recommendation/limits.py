"""Limits: what a model may cost at most, and which licences are allowed; who misses them, and by how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ptmbench.errors import near

MIB: Final = 2.0**20


@dataclass(frozen=True, slots=True)
class Limits:
    """At most, in SI units; None: no limit. `licences` are those that are allowed, in lower case; empty: any."""

    latency_p95_s: float | None = None
    size_bytes: float | None = None
    inference_bytes: float | None = None
    train_s: float | None = None
    licences: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether a model has to be built to be held against them."""
        return any(value is not None for value in (self.latency_p95_s, self.size_bytes, self.inference_bytes))


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What is known of a model's cost, in SI units; None where it was not asked for or cannot be measured."""

    licence: str
    latency_p95_s: float | None = None
    size_bytes: float | None = None
    inference_bytes: float | None = None
    train_s: float | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """A limit that a model does not keep: in words, and the measured value as a multiple of the limit."""

    reason: str
    times: float


WORDS: Final = {  # of each limit: what it is, its unit, and the factor from SI units
    "latency_p95_s": ("latency p95", "ms", 1e3),
    "size_bytes": ("size", "MiB", 1 / MIB),
    "inference_bytes": ("memory of inference", "MiB", 1 / MIB),
    "train_s": ("full training", "min", 1 / 60),
}


def misses(facts: ModelCost, limits: Limits) -> list[Miss]:
    """What a model does not keep; a cost that cannot be measured keeps no limit."""
    found = []
    if limits.licences and facts.licence.lower() not in limits.licences:
        found.append(Miss(f"licence {facts.licence}, allowed: {', '.join(limits.licences)}", float("inf")))
    for name, (what, unit, scale) in WORDS.items():
        limit, value = getattr(limits, name), getattr(facts, name)
        if limit is None:
            continue
        if value is None:
            found.append(Miss(f"{what} could not be measured, at most {limit * scale:.4g} {unit}", float("inf")))
        elif value > limit:
            found.append(Miss(f"{what} {value * scale:.4g} {unit}, at most {limit * scale:.4g} {unit}", value / limit))
    return found


def nearest(missed: Mapping[str, Sequence[Miss]]) -> str:
    """The model that misses the fewest limits, of equals by the least."""
    return min(missed, key=lambda model: (len(missed[model]), max(miss.times for miss in missed[model]), model))


def faults_of(limits: Limits, licences: Sequence[str]) -> list[str]:
    """What makes no sense in the limits: numbers that nothing keeps, and licences that no model has.

    Args:
        limits: As given.
        licences: Of all models that are known.

    Returns:
        A line each.
    """
    found = []
    for name, (what, unit, scale) in WORDS.items():
        limit = getattr(limits, name)
        if limit is not None and not 0 < limit < float("inf"):
            found.append(f"expected a {what} above 0 {unit} at most, got {limit * scale:g}")
    known = {licence.lower(): licence for licence in licences}
    found += [
        f"no model has the licence {given!r}: {near(given, known)}" for given in limits.licences if given not in known
    ]
    return found


def none_left(missed: Mapping[str, Sequence[Miss]]) -> str:
    """What is said where no model keeps the limits: the nearest, and what it misses."""
    closest = nearest(missed)
    what = "; ".join(miss.reason for miss in missed[closest])
    return f"none of {len(missed)} models keeps all limits; the nearest is {closest}: {what}"
