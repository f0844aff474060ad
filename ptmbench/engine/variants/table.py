"""Which function makes a variant: of a backbone before it computes features, or of a whole network once trained."""

from collections.abc import Callable
from typing import Final

from torch import nn

from ptmbench.catalog.spec import FULL
from ptmbench.engine.variants.half import Half


def _as_it_is(network: nn.Module) -> nn.Module:
    return network


SERVED: Final[dict[str, Callable[[nn.Module], nn.Module]]] = {
    FULL.name: _as_it_is,
    "half": Half,
}
