"""From the rows of the cold side to the objects that they name."""

import functools
import importlib
from typing import Any


@functools.cache
def hot(path: str) -> Any:
    """The object that "module:name" names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
