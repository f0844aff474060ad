"""Shadow models of what is fitted to frozen features: who was learned from is known, and so whether it can be told."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ptmbench import stages
from ptmbench.engine.seeding import numpy_generator
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.tuning import Examples
from ptmbench.records.measured import Missing
from ptmbench.statistics import membership
from ptmbench.statistics.membership import Members, Values

SHADOWS: Final = 64  # models; each is the target of all others once
MOST: Final = (
    2_000  # examples that are asked about: of all labels shadows learn from half of these, which takes its time
)
WORDS: Final = Missing("words of one text come and go together: who was learned from is defined for whole examples")
FEW_PAIRS: Final = Missing("a thousand pairs of a model and an example that it did not learn from are needed")
TOO_FEW: Final = Missing("two classes are needed, and two examples of each: one to learn from, and one that is not")


def privacy_of(run: FrozenRun) -> dict[str, object] | Missing:
    """What membership inference finds out from what a case fits, at the pooling and value of its first seed.

    Each shadow is fitted to a random half of every class. In few-shot tasks there are twice as many examples as the
    task has shots, so that each learns from as many as the case; of all labels each learns from half of `MOST` at most.

    Args:
        run: A case of a frozen method that has run.

    Returns:
        The fields of `PrivacyRecord`, or why there are none.
    """
    if run.rows.positions is not None:
        return WORDS
    pool = _pool(run)
    if pool is None:
        return TOO_FEW
    stages.HERE.at("fitting shadow models")
    truth = run.rows.labels(pool)
    members = _halves(truth, numpy_generator("shadows", run.case.task.draws, 0))
    margins = _margins(run, pool, truth, members)
    scores = membership.likelihood_ratios(margins, members)
    return {
        "attack": membership.ATTACK,
        "shadows": SHADOWS - 1,
        "members": int(members[0].sum()),
        "interval_kind": membership.INTERVAL_KIND,
        "null_auc": membership.null_auc(margins, members),
        **dict.fromkeys(("tpr_at_fpr_1e_3", "tpr_at_fpr_1e_3_interval95"), FEW_PAIRS),
        **membership.attack_of(scores, members),
    }


def _pool(run: FrozenRun) -> Examples | None:
    """The training examples that are asked about; None where a class has too few."""
    data, shots = run.rows.data, run.case.task.shots
    train = np.asarray(data.split.train)
    rng = numpy_generator("shadow pool", run.case.task.draws, 0)
    labels = run.rows.labels(train)
    share = min(1.0, MOST / len(train))
    parts = []
    for label in np.unique(labels):
        there = rng.permutation(train[labels == label])
        most = 2 * shots if shots is not None else max(2, round(share * len(there)))
        parts.append(there[: min(most, len(there)) // 2 * 2])
    return None if any(len(part) < 2 for part in parts) or len(parts) < 2 else np.concatenate(parts)


def _halves(truth: NDArray[np.int64], rng: np.random.Generator) -> Members:
    """For each model, a random half of every class [models, n]."""
    members = np.zeros((SHADOWS, len(truth)), dtype=np.bool_)
    for label in np.unique(truth):
        places = np.flatnonzero(truth == label)
        for row in members:
            row[rng.permutation(places)[: len(places) // 2]] = True
    return members


def _margins(run: FrozenRun, pool: Examples, truth: NDArray[np.int64], members: Members) -> Values:
    """How sure each model is of the true class of each example [models, n]."""
    assert run.chosen is not None
    pooling, value = run.chosen
    features = run.rows.pick(run.features_of(0, pooling).array[pool], pool)
    found = np.empty(members.shape)
    for number, (row, own) in enumerate(zip(found, members, strict=True)):
        context = replace(run.context, seed=number)
        (predict,) = run.method.fitted_to(features[own], truth[own], [value], context)
        row[:] = membership.margins_of(predict(features), truth)
    return found
