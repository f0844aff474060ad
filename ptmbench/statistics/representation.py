"""What features are like: how many directions they fill, and how far two networks' features are the same."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating[Any]]  # [examples, d]


def effective_rank(features: Features) -> float:
    """How many directions features fill: e to the entropy of their singular values' shares (Roy & Vetterli 2007).

    Args:
        features: [n, d]; their mean is taken off.

    Returns:
        From 1, where all lie on a line, to the smaller of n - 1 and d; 0 where all are the same.
    """
    values = np.linalg.svd(_centred(features), compute_uv=False)
    total = values.sum()
    if total == 0:
        return 0.0
    shares = values[values > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def linear_cka(first: Features, second: Features) -> float:
    """How far two networks' features of the same examples are the same but for a rotation and a scale.

    Centred kernel alignment of linear kernels (Kornblith et al. 2019, https://arxiv.org/abs/1905.00414), unbiased (Song
    et al. 2012): as it is often computed it is near 1 for unrelated features of more dimensions than examples.

    Args:
        first: [n, d], n at least 4.
        second: Of the same examples [n, e].

    Returns:
        1 for the same, about 0 for unrelated ones, where it may fall below 0; nan where one side is constant.
    """
    kernels = [_without_diagonal(side) for side in (first, second)]
    (own, other), both = (_hsic(kernel, kernel) for kernel in kernels), _hsic(*kernels)
    scale = own * other
    return float(both / np.sqrt(scale)) if scale > 0 else float("nan")


def _centred(features: Features) -> NDArray[np.float64]:
    found = np.asarray(features, dtype=np.float64)
    centred: NDArray[np.float64] = found - found.mean(axis=0)
    rounding = 8 * np.finfo(np.float64).eps * np.abs(found).max(initial=0.0)
    centred[np.abs(centred) <= rounding] = 0.0  # a constant would seem to vary
    return centred


def _without_diagonal(features: Features) -> NDArray[np.float64]:
    centred = _centred(features)
    kernel = centred @ centred.T
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _hsic(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The unbiased estimate of dependence (Song et al. 2012, equation 5), of kernels without diagonals."""
    count = len(first)
    trace = (first * second).sum()
    sums = first.sum() * second.sum() / ((count - 1) * (count - 2))
    rows = 2 * (first.sum(axis=0) @ second.sum(axis=0)) / (count - 2)
    return float((trace + sums - rows) / (count * (count - 3)))
