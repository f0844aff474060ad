"""Cases of frozen methods over a workbench, and the probes that heads of trained methods start as."""

import functools
from collections.abc import Callable
from dataclasses import replace

from torch import nn

from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import named
from ptmbench.catalog.spec import Case
from ptmbench.engine.corruptions.stress import Condition
from ptmbench.engine.methods.fine_tune import Trainable
from ptmbench.engine.methods.frozen_method import FitContext
from ptmbench.engine.methods.linear_probe import LinearPredictor
from ptmbench.engine.methods.table import FROZEN_METHODS
from ptmbench.engine.transfer.features import Frozen
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.workbench import Workbench

PROBE = "linear_probe"


def frozen_run(bench: Workbench, case: Case) -> FrozenRun:
    """A case of a frozen method, ready to run."""
    return FrozenRun(
        case=case,
        method=FROZEN_METHODS[case.method.name],
        context=FitContext(
            bench.task_data(case).samples.classes,
            bench.model(case, 0).standardise,
            device="cuda" if bench.device.type == "cuda" else "cpu",
        ),
        rows=bench.rows(case),
        scorer=bench.scorer(case),
        features_of=lambda seed, pooling: bench.features(case, seed, pooling),
        poolings=bench.poolings(case),
        on_validation=bench.settings.budget.tunes_on_validation,
        stress=bench.stress(case),
        corrupted=functools.partial(_corrupted_features, bench, case),
    )


def _corrupted_features(
    bench: Workbench, case: Case, seed: int, pooling: str | None, condition: Condition
) -> tuple[Frozen, Rows]:
    """The features of the corrupted test examples, and where their labels stand."""
    rows = Rows.of(bench.task_data(case), bench.corrupted(case, condition))
    return bench.features(case, seed, pooling, condition), rows


def probed_network(bench: Workbench, case: Case) -> Callable[[int], Trainable]:
    """Fresh networks by seed whose heads are linear probes of the network as it came (Kumar et al. 2022).

    "Fine-tuning can distort pretrained features", https://arxiv.org/abs/2202.10054: a head that fits already pulls less
    at the features. The probe is over the pooling that is trained with, fitted once a seed to its training examples. A
    draw of one class leaves the head new.
    """
    probe = replace(case, method=named("method", PROBE, METHODS))
    run = replace(frozen_run(bench, probe), poolings=bench.poolings(case)[:1], stress=None)
    fitted = functools.cache(run.fitted)

    def network_of(seed: int) -> Trainable:
        network, predictor = bench.network(case, seed), fitted(seed)
        assert isinstance(network.trained, nn.Sequential)
        head = network.trained[-1]
        if isinstance(predictor, LinearPredictor) and isinstance(head, nn.Linear):
            head.load_state_dict(predictor.layer())
        return network

    return network_of
