"""Average precision of boxes, as COCO defines it (Lin et al. 2014), kept so that it can be resampled over pictures.

The metric itself comes from torchmetrics; what is here matches boxes once and then gives the same figure for any
weighting of the pictures, which no library does. Boxes are [left, top, right, bottom] in pixels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.statistics.tallies import Weights

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)  # of the intersection over union that makes a hit
RECALLS: Final = np.linspace(0.0, 1.0, 101)  # at which precision is read
MOST: Final = 100  # boxes of a class in a picture that count, those with the highest scores
ROUNDING: Final = 1e-10
AT_ONCE: Final = 4_000_000  # boxes x draws that are weighed together: some 100 MB


@dataclass(frozen=True, eq=False, slots=True)
class Boxes:
    """Boxes [m, 4] of n pictures: the picture and the label of each [m], and its `score` or, of true ones, `ignored`.

    A true box that is ignored (a crowd, or too hard) is neither to be found nor a mistake where it is.
    """

    pictures: int
    picture: Indices
    box: Numbers
    label: Indices
    score: Numbers
    ignored: Flags

    def of(self, picture: int, label: int) -> Indices:
        """The indices of one picture's boxes of one label."""
        return np.flatnonzero((self.picture == picture) & (self.label == label))


@dataclass(frozen=True, eq=False, slots=True)
class Matched:
    """The boxes of one class, best score first: their pictures [m], hits and misses [thresholds, m], and how many true
    boxes each picture has [n].
    """

    picture: Indices
    hit: Flags
    miss: Flags
    positives: Indices


def overlaps(found: Numbers, there: Numbers, ignored: Flags) -> Numbers:
    """Intersection over union [d, t] of boxes [d, 4] and [t, 4]; over the found box's own area where ignored."""
    left_top = np.maximum(found[:, None, :2], there[None, :, :2])
    right_bottom = np.minimum(found[:, None, 2:], there[None, :, 2:])
    both: Numbers = np.clip(right_bottom - left_top, 0, None).prod(axis=2)
    mine = (found[:, 2:] - found[:, :2]).prod(axis=1)[:, None]
    theirs = (there[:, 2:] - there[:, :2]).prod(axis=1)[None, :]
    whole = np.where(ignored[None, :], mine, mine + theirs - both)
    shares: Numbers = np.divide(both, whole, out=np.zeros(both.shape), where=whole > 0)
    return shares


def _assign(overlap: Numbers, ignored: Flags) -> tuple[Flags, Flags]:
    """Hits and passes [thresholds, d] of boxes, best first, that each take the true box they overlap most.

    A true box is taken once, an ignored one any number of times and only where no other is left; a box that takes an
    ignored one is passed over. Of equal overlaps the last counts, as in COCO's own evaluation.
    """
    boxes, true_ones = overlap.shape
    limits = np.minimum(THRESHOLDS, 1 - ROUNDING)[:, None]
    hits, passes = np.zeros((2, len(limits), boxes), dtype=bool)
    free = np.ones((len(limits), true_ones), dtype=bool)
    rows = np.arange(len(limits))
    for place in np.flatnonzero((overlap >= limits[0]).any(axis=1)):  # most boxes lie on nothing
        fits = overlap[place][None, :] >= limits
        for kind, marks in ((~ignored, hits), (ignored, passes)):
            usable = fits & kind[None, :] & (free | ignored[None, :])
            worth = np.where(usable, overlap[place][None, :], -1.0)
            best = true_ones - 1 - np.argmax(worth[:, ::-1], axis=1)
            taken = usable.any(axis=1) & ~hits[:, place]
            marks[taken, place] = True
            free[rows[taken], best[taken]] = False
    return hits, passes


def _by_picture(boxes: Boxes, label: int) -> Iterator[tuple[int, Indices]]:
    of_label = np.flatnonzero(boxes.label == label)
    pictures = boxes.picture[of_label]
    for picture in np.unique(pictures):
        yield int(picture), of_label[pictures == picture]


def match(found: Boxes, there: Boxes, label: int) -> Matched:
    """Matches the found boxes of a class with the true ones, picture by picture."""
    true_ones = dict(_by_picture(there, label))
    positives = np.bincount(
        there.picture[(there.label == label) & ~there.ignored], minlength=there.pictures
    )  # those that count
    chosen, hits, passes = [], [], []
    for picture, places in _by_picture(found, label):
        best = places[np.argsort(-found.score[places], kind="stable")][:MOST]
        truth = true_ones.get(picture, np.empty(0, dtype=np.int64))
        hit, passed = np.zeros((2, len(THRESHOLDS), len(best)), dtype=bool)
        if len(truth):
            overlap = overlaps(found.box[best], there.box[truth], there.ignored[truth])
            hit, passed = _assign(overlap, there.ignored[truth])
        chosen.append(best)
        hits.append(hit)
        passes.append(passed)
    places = np.concatenate([np.empty(0, dtype=np.int64), *chosen])
    none = np.zeros((len(THRESHOLDS), 0), dtype=bool)
    hit, passed = np.concatenate([none, *hits], axis=1), np.concatenate([none, *passes], axis=1)
    order = np.argsort(-found.score[places], kind="stable")
    return Matched(found.picture[places][order], hit[:, order], ~(hit | passed)[:, order], positives)


@dataclass(frozen=True, eq=False, slots=True)
class AveragePrecision:
    """mAP@[.5:.95]: the mean over classes and thresholds of the area under precision and recall at 101 recalls.

    Classes without a true box are left out; without any class the metric is 0.
    """

    classes: tuple[Matched, ...]
    count: int

    @classmethod
    def of(cls, found: Boxes, there: Boxes, classes: int) -> "AveragePrecision":
        """The tally of found against true boxes of so many classes."""
        return cls(tuple(match(found, there, label) for label in range(classes)), there.pictures)

    def under(self, weights: Weights) -> Numbers:
        """The metric [draws] under weights [draws, n]."""
        most = max((int(matched.hit.sum(axis=1).max(initial=0)) for matched in self.classes), default=0)
        width = max(AT_ONCE // max(most, 1), 1)
        parts = [self._under(weights[start : start + width]) for start in range(0, len(weights), width)]
        return np.concatenate(parts)

    def _under(self, weights: Weights) -> Numbers:
        total, groups = np.zeros(len(weights)), np.zeros(len(weights))
        for matched in self.classes:
            positives = weights @ matched.positives
            areas = _areas(matched, weights, positives)
            total += np.where(positives > 0, areas, 0.0)
            groups += positives > 0
        means: Numbers = np.divide(total, groups, out=np.zeros(len(weights)), where=groups > 0)
        return means


def _areas(matched: Matched, weights: Weights, positives: Indices) -> Numbers:
    """The average precision of one class [draws], mean over thresholds, under weights of pictures [draws, n].

    Only hits are looked at, with the misses that lie before each: recall moves at hits alone, and between two of them
    precision only falls, so that its envelope is theirs. Most boxes of a detector are no hits.
    """
    areas = np.zeros(len(weights))
    for hit, miss in zip(matched.hit, matched.miss, strict=True):
        places = np.flatnonzero(hit)
        if not len(places):
            continue
        hits = np.cumsum(weights[:, matched.picture[places]], axis=1)
        misses = np.cumsum(weights @ _misses_before(matched, places, np.flatnonzero(miss)), axis=1)
        precision = hits / (hits + misses + np.spacing(1))
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = hits / np.maximum(positives, 1)[:, None]
        reached = np.searchsorted(RECALLS, recall, side="right")  # how many of the 101 recalls a box has reached
        steps = np.diff(reached, axis=1, prepend=0)
        areas += (steps * envelope).sum(axis=1) / len(RECALLS)
    return areas / len(THRESHOLDS)


def _misses_before(matched: Matched, places: Indices, misses: Indices) -> Numbers:
    """How many misses each picture has between one hit and the next [n, hits]; none after the last hit counts."""
    following = np.searchsorted(places, misses)
    counted = following < len(places)
    shape = len(matched.positives), len(places)
    flat = np.ravel_multi_index((matched.picture[misses][counted], following[counted]), shape)
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def of_boxes(outcomes: Mapping[str, Any]) -> tuple[AveragePrecision, ...]:
    """The tallies of outcomes of boxes, one a seed."""
    pictures = len(outcomes["test_ids"])
    there = _stored(outcomes, "true", pictures, np.ones(len(outcomes["true_picture"]), dtype=bool))
    return tuple(
        AveragePrecision.of(
            _stored(outcomes, "found", pictures, outcomes["found_seed"] == seed), there, int(outcomes["classes"])
        )
        for seed in outcomes["seeds"]
    )


def _stored(outcomes: Mapping[str, Any], side: str, pictures: int, chosen: Flags) -> Boxes:
    count = int(chosen.sum())
    score = outcomes["found_score"][chosen] if side == "found" else np.ones(count)
    ignored = outcomes["true_ignored"][chosen] if side == "true" else np.zeros(count, dtype=bool)
    return Boxes(
        pictures=pictures,
        picture=outcomes[f"{side}_picture"][chosen].astype(np.int64),
        box=outcomes[f"{side}_box"][chosen].astype(np.float64),
        label=outcomes[f"{side}_label"][chosen].astype(np.int64),
        score=score.astype(np.float64),
        ignored=ignored.astype(bool),
    )
