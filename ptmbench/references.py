"""References: what a user types to name a model, turned into a spec.

A plain name is the catalog's. `torchvision:NAME` is one of torchvision's classification builders, for now with random
weights and for `ptmbench profile` only.
"""

import hashlib

from ptmbench.catalog import MODELS
from ptmbench.errors import UnknownName, UsageError
from ptmbench.spec import Family, ModelSpec

TORCHVISION = "torchvision"


def short_name(name: str, reference: str) -> str:
    """A slug for what comes from a reference: its short name and six hex digits of the reference's digest."""
    slug = "".join(letter if (letter.isalnum() and letter.isascii()) or letter in "_." else "_" for letter in name)
    return f"{slug}.{hashlib.sha256(reference.encode()).hexdigest()[:6]}"


def model_spec(reference: str) -> ModelSpec:
    """The spec of a catalog name or a reference; raises `UnknownName` or `UsageError`."""
    scheme, colon, name = reference.partition(":")
    if not colon:
        for model in MODELS:
            if model.name == reference:
                return model
        raise UnknownName("model", reference, [model.name for model in MODELS])
    if scheme != TORCHVISION or not name:
        raise UsageError(f"expected a model's name or {TORCHVISION}:NAME, got {reference!r}")
    return ModelSpec(
        name=short_name(name, reference),
        provider="torchvision",
        entry=name,
        architecture=name,
        family=Family.CONTROL,
        objective="none",
        source="none",
        licence="BSD-3-Clause",
    )
