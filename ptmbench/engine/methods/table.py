"""Which functions serve which frozen method."""

from typing import Final

from ptmbench.engine.methods import knn, linear_probe, private_probe
from ptmbench.engine.methods.frozen_method import FrozenMethod

FROZEN_METHODS: Final[dict[str, FrozenMethod]] = {
    "linear_probe": FrozenMethod(linear_probe.fit, linear_probe.trainable_parameters, fit_all=linear_probe.fit_all),
    "knn": FrozenMethod(knn.fit, knn.trainable_parameters, uncounted=("search for neighbours",), fit_all=knn.fit_all),
    "dp_probe": FrozenMethod(
        private_probe.fit,
        private_probe.trainable_parameters,
        fit_all=private_probe.fit_all,
        facts=private_probe.facts,
        draws=True,
    ),
}
