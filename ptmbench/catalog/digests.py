"""The digest of a case: equal exactly when a record still speaks of the case as it would run now."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ptmbench.catalog.settings import BudgetSpec
from ptmbench.catalog.spec import Case
from ptmbench.catalog.traits import Trains
from ptmbench.records.record import PROTOCOL_VERSION

# Fields that have had another name and form since the first records were made: how a digest still holds them.
AS_RECORDED: Final[Mapping[str, tuple[str, Callable[[Any], object]]]] = {
    "modalities": ("modality", lambda modalities: "+".join(sorted(modalities))),
    "trains": ("frozen", lambda trains: trains is Trains.NOTHING),
}


def identity(spec: Any) -> dict[str, object]:
    """What of a spec its digest covers, as JSON holds it.

    A field at its default is left out, so that a new one leaves older records as they are; so is a field that only
    says where the spec applies.

    Args:
        spec: A frozen dataclass of `ptmbench.catalog`, with others in its fields.

    Returns:
        Names and values, those of nested specs as dictionaries.
    """
    content: dict[str, object] = {}
    for field in dataclasses.fields(spec):
        value = getattr(spec, field.name)
        if value == field.default or not field.metadata.get("digest", True):
            continue
        name, form = AS_RECORDED.get(field.name, (field.name, identity if dataclasses.is_dataclass(value) else _plain))
        content[name] = form(value)
    return content


def _plain(value: object) -> object:
    return value


def case_digest(
    case: Case,
    *,
    weights_sha256: str | None,
    split_sha256: str | None,
    budget: BudgetSpec,
    seeds: int,
    recorded_rate: float | None,
    precision: str,
    protocol: int = PROTOCOL_VERSION,
) -> str:
    """sha256 over specs, weights, split, budget, seeds, precision and the protocol version; not over the commit."""
    content = {
        "protocol": protocol,
        "case": identity(case),
        "weights": weights_sha256,
        "split": split_sha256,
        "budget": identity(budget),
        "seeds": seeds,
        "rate": recorded_rate,
        "precision": precision,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
