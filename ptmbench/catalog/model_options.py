"""The values of a model reference's options, as far as they can be told wrong without the weights."""

import math
from typing import Final

from ptmbench.catalog.references import Reference
from ptmbench.catalog.traits import Modality
from ptmbench.errors import UnknownName, UsageError

PARTIAL: Final = ("refuse", "allow")  # of weights that do not fill the network
TRIPLES: Final = ("mean", "std")
INTEGERS: Final = ("size", "max_length")
MODALITY_OF: Final = {"size": Modality.IMAGE, "max_length": Modality.TEXT}
MEANT: Final = {Modality.IMAGE: "the side of pictures in pixels", Modality.TEXT: "the length of texts in tokens"}


def check_values(reference: Reference, modality: Modality) -> None:
    """Raises `UsageError` for what no weights could make right: the case would fail once its control has run."""
    if reference.get("weights") not in {"", "random"}:
        raise UsageError(f"expected weights=random or no such option, got weights={reference.get('weights')}")
    for option in INTEGERS:
        if reference.integer(option) and MODALITY_OF[option] is not modality:
            other = MODALITY_OF[option]
            raise UsageError(
                f"{reference}: {option} is {MEANT[other]}, and this model is taken for one of {modality}s: leave it "
                f"out, or say modality={other} where it takes {other}s"
            )
    for option in TRIPLES:
        triple(reference, option)
    if reference.get("partial", PARTIAL[0]) not in PARTIAL:
        raise UnknownName("partial", reference.get("partial"), PARTIAL)


def triple(reference: Reference, option: str) -> tuple[float, float, float] | None:
    """Three numbers, one a channel; those of `std`, which values are divided by, above 0. None: not given."""
    text = reference.get(option)
    if not text:
        return None
    try:
        red, green, blue = (float(value) for value in text.split(","))
    except ValueError:
        raise UsageError(f"expected {option}=R,G,B with three numbers, got {option}={text}") from None
    if not all(math.isfinite(value) and (value > 0 or option != "std") for value in (red, green, blue)):
        above = " above 0, since values are divided by them" if option == "std" else ""
        raise UsageError(f"expected {option}=R,G,B with three numbers{above}, got {option}={text}")
    return red, green, blue
