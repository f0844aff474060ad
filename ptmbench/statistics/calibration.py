"""Calibration: whether a model is right as often as it is sure to be.

What is kept of an example's probabilities is little: the logarithms of that of the true class and of the highest, and
the sum of their squares. Figures are computed from what is kept, in the precision in which it is kept.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Logs = NDArray[np.floating[Any]]  # natural logarithms of probabilities [n, classes]
Labels = NDArray[np.int64]
Beliefs = dict[str, NDArray[np.float16]]  # the arrays below by name, [n] each

TRUE: Final = "true_log_probability"
TOP: Final = "top_log_probability"  # near 1 half precision tells logarithms apart, and not probabilities
SQUARES: Final = "squared_probability"
TEMPERED: Final = "tempered_top_log_probability"
TEMPERATURE: Final = "temperature"  # a single value
KEPT: Final = (TRUE, TOP, SQUARES, TEMPERED)
ENTROPY: Final = "mask_entropy"  # nats [seeds, n]: of masks, the mean over the pixels of a picture
FIGURES: Final = ("nll", "brier", "ece", "ece_after_temperature")
LEAST: Final = float(np.log(1e-6))  # what a class is given at least: nearest neighbours give most classes nothing
BINS: Final = 15
TEMPERATURES: Final = (0.05, 20.0)


def logs_of(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Logarithms of probabilities [n, classes], each at least a millionth."""
    found: NDArray[np.float32] = np.log(np.clip(probabilities, np.exp(LEAST), 1.0)).astype(np.float32)
    return found


def beliefs_of(logs: Logs, truth: Labels, temperature: float | None) -> Beliefs:
    """What is kept of the probabilities of n examples.

    Args:
        logs: Of their probabilities [n, classes].
        truth: The index of each true class [n].
        temperature: What logits are divided by for `TEMPERED`; None leaves that array out.

    Returns:
        Arrays [n] by their names.
    """
    held = np.maximum(logs, LEAST)
    found = {
        TRUE: held[np.arange(len(truth)), truth],
        TOP: held.max(axis=1, initial=LEAST),
        SQUARES: np.exp(2 * held).sum(axis=1),
    }
    if temperature is not None:
        found[TEMPERED] = log_softmax(held / temperature, axis=1).max(axis=1, initial=LEAST)
    return {name: values.astype(np.float16) for name, values in found.items()}


def temperature_of(logs: Logs, truth: Labels) -> float | None:
    """The temperature with the least log-loss on held-out examples (Guo et al. 2017, https://arxiv.org/abs/1706.04599).

    Args:
        logs: Of the probabilities [n, classes] of examples that the model has not learned from.
        truth: The index of each true class [n].

    Returns:
        What logits are divided by, from .05 to 20: above 1 where the model is too sure. None without examples.
    """
    if not len(truth):
        return None
    held, rows = np.maximum(logs, LEAST), np.arange(len(truth))

    def loss(exponent: float) -> float:
        return float(-log_softmax(held / np.exp(exponent), axis=1)[rows, truth].mean())

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x))


def expected_calibration_error(top: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """ECE: how far accuracy and mean confidence lie apart, mean over bins of equal mass weighted by their size.

    After Naeini et al. 2015; bins of equal mass after Nguyen & O'Connor 2015.

    Args:
        top: The highest probability of each example [n].
        right: Whether its class is the true one [n].
        bins: How many bins there are at most.

    Returns:
        A share between 0 and 1.
    """
    confidence, accuracy, counts = reliability_bins(top, right, bins)
    return float((counts * np.abs(accuracy - confidence)).sum() / counts.sum())


def reliability_bins(
    top: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Examples in bins by their confidence, as reliability diagrams show them.

    Examples of one confidence fall into one bin, so that bins are as equal as the confidences allow.

    Args:
        top: The highest probability of each example [n].
        right: Whether its class is the true one [n].
        bins: How many bins there are at most.

    Returns:
        Mean confidence, accuracy and number of examples of each bin that has any.
    """
    sure = np.asarray(top, dtype=np.float64)
    places = np.searchsorted(equal_mass_edges(sure, bins)[1:-1], sure, side="left")
    counts = np.bincount(places, minlength=bins)
    there = counts > 0
    sums = (np.bincount(places, weights=values, minlength=bins)[there] for values in (sure, right))
    confidence, accuracy = (found / counts[there] for found in sums)
    return confidence, accuracy, counts[there]


def equal_mass_edges(top: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """The ends of bins that hold as many of the confidences [n] each as ties allow: [bins + 1], an upper end inside."""
    return np.quantile(top, np.linspace(0, 1, bins + 1), method="inverted_cdf")


def calibration_of(beliefs: Mapping[str, Any], right: NDArray[np.bool_]) -> dict[str, float]:
    """The figures of one seed.

    Args:
        beliefs: What `beliefs_of` keeps [n]; examples that the model has not seen (words that were cut off) are NaN.
        right: Whether the answer was the true class [n].

    Returns:
        `nll`, the mean of -ln p of the true class; `brier`, the mean over examples of the squared distance between
        probabilities and truth, summed over classes (Brier 1950: from 0 to 2); `ece`; and `ece_after_temperature` where
        there is a temperature.
    """
    seen = np.isfinite(np.asarray(beliefs[TRUE], dtype=np.float64))
    logs, top, squares = (np.asarray(beliefs[name], dtype=np.float64)[seen] for name in (TRUE, TOP, SQUARES))
    figures = {
        "nll": float(-logs.mean()),
        "brier": float((1 - 2 * np.exp(logs) + squares).mean()),
        "ece": expected_calibration_error(np.exp(top), right[seen]),
    }
    if TEMPERED in beliefs:
        tempered = np.asarray(beliefs[TEMPERED], dtype=np.float64)[seen]
        figures["ece_after_temperature"] = expected_calibration_error(np.exp(tempered), right[seen])
    return figures
