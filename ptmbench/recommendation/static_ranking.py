"""Static rankings: models in the order of what they did on other tasks, without a look at the one that is asked for.

A table is `quality` [t, m]: a row a task, a column a model, higher is better, NaN where it is not known. `groups` [t]
names the data set of each task: tasks of one data set are alike, and are left out together.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ptmbench.statistics.intervals import ranks

Array = NDArray[np.float64]


def mean_ranks(quality: ArrayLike) -> Array:
    """The mean rank of each model over the tasks that it is known for, from 1 for the best.

    Ties share the mean of their ranks. Where some models are not known for a task, the ranks of the others are
    stretched to reach from 1 to m, so that the last of three counts as much as the last of ten; a task with one known
    model says nothing.

    Args:
        quality: The table [t, m].

    Returns:
        Mean ranks [m], from 1 to m; NaN for a model of which nothing is known.
    """
    table = _table(quality)
    places = np.array([_places(row) for row in table]).reshape(table.shape)
    known = np.isfinite(places)
    count = known.sum(axis=0)
    total = np.where(known, places, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def static_order(
    quality: ArrayLike, groups: Sequence[Hashable] | None = None, left_out: Hashable | None = None
) -> tuple[int, ...]:
    """The models from best to worst by their mean rank on all tasks but those of one data set.

    Args:
        quality: The table [t, m].
        groups: The data set of each task [t]; without them each task is one by itself, named by its row.
        left_out: The data set whose tasks do not count; None to count all.

    Returns:
        Columns of the table. Models of the same mean rank come in the order of their columns, those of which nothing
        is known last.

    Raises:
        ValueError: `groups` are not as many as tasks, or hold no task of `left_out`.
    """
    table = _table(quality)
    names = list(range(len(table)) if groups is None else groups)
    if len(names) != len(table):
        raise ValueError(f"expected the groups of {len(table)} tasks, got {len(names)}")
    if left_out is not None and left_out not in names:
        raise ValueError(f"expected a group to leave out among {names}, got {left_out!r}")
    kept = np.array([left_out is None or name != left_out for name in names], dtype=bool)
    # Stretched ranks are fractions, whose sums depend on the order of tasks in the last digit: ties hold up to that.
    return tuple(int(model) for model in np.argsort(np.round(mean_ranks(table[kept]), 9), kind="stable"))


def kendall_tau(first: ArrayLike, second: ArrayLike) -> float | None:
    """Kendall's rank correlation of two figures of the same models, ties taken into account (tau-b).

    Args:
        first: Figures [m], NaN where one is not known; such models are left out.
        second: Likewise.

    Returns:
        From -1 to 1; None where fewer than two models are known in both, or one of the two does not vary.

    Source: Kendall, "The treatment of ties in ranking problems", 1945.
    """
    from scipy.stats import kendalltau  # imports for a second

    pairs = np.array([first, second], dtype=np.float64)
    known = pairs[:, np.isfinite(pairs).all(axis=0)]
    if known.shape[1] < 2 or (np.ptp(known, axis=1) == 0).any():
        return None
    return float(kendalltau(*known).statistic)


def regret(quality: ArrayLike, order: Sequence[int], k: int = 1) -> float:
    """What is lost on a task by trying only the first k models of an order: the best of all minus the best of those.

    Args:
        quality: The quality of each model on the task [m], NaN where it is not known.
        order: Models, columns of `quality`, from best to worst; those that are not known are passed over.
        k: How many models are tried.

    Returns:
        At least 0, in the unit of the quality.

    Raises:
        ValueError: k is below 1, or no model of the order is known.
    """
    row = np.asarray(quality, dtype=np.float64)
    known = [model for model in order if np.isfinite(row[model])]
    if k < 1 or not known:
        raise ValueError(f"expected at least one model to try, got k = {k} of {len(known)} known models")
    return float(row[np.isfinite(row)].max() - row[known[:k]].max())


def _table(quality: ArrayLike) -> Array:
    table = np.asarray(quality, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"expected a table [tasks, models], got shape {table.shape}")
    return table


def _places(row: Array) -> Array:
    """Ranks from 1 for the best to the number of models for the worst; NaN where the quality is not known."""
    known = np.isfinite(row)
    count = int(known.sum())
    places = np.full(len(row), np.nan)
    if count >= 2:
        places[known] = 1 + (ranks(-row[known]) - 1) * (len(row) - 1) / (count - 1)
    return places
