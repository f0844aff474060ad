"""ptmbench: how usable is a pre-trained model? Quality, cost and generalisation of every case in one record.

What `__all__` names stands in `ptmbench.api`, which is imported when the first of it is asked for: `import ptmbench`
itself imports neither a framework nor NumPy.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptmbench.api import (
        Decision,
        GateResult,
        Record,
        Results,
        UsageError,
        compare,
        data,
        load,
        model,
        pictures,
        recommend,
        run,
    )

__version__ = "0.1.0"
__all__ = [
    "Decision",
    "GateResult",
    "Record",
    "Results",
    "UsageError",
    "__version__",
    "compare",
    "data",
    "load",
    "model",
    "pictures",
    "recommend",
    "run",
]


def __getattr__(name: str) -> object:
    """A name of `__all__`, from `ptmbench.api` (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ptmbench import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """What the module has, the names that are imported when they are asked for too."""
    return sorted({*globals(), *__all__})
