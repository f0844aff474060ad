"""The digest of a case: equal exactly when a record still speaks of the case as it would run now."""

import hashlib
import json
from dataclasses import asdict

from ptmbench.catalog.settings import BudgetSpec
from ptmbench.catalog.spec import Case, Modality, Serves
from ptmbench.records.record import PROTOCOL_VERSION


def case_digest(
    case: Case,
    *,
    weights_sha256: str | None,
    split_sha256: str | None,
    budget: BudgetSpec,
    seeds: int,
    recorded_rate: float | None,
    precision: str,
) -> str:
    """sha256 over specs, weights, split, budget, seeds, precision and the protocol version; not over the commit."""
    spec = asdict(case)
    if case.model.modality is Modality.IMAGE:
        del spec["model"]["modality"]  # as it was when there was no other: records of that time are not stale
    if case.model.serves is Serves.FEATURES:
        del spec["model"]["serves"]  # likewise
    recipe = spec["method"]["recipe"]
    if recipe and recipe["epochs"] is None:
        del recipe["epochs"]
    if recipe and recipe["pace"] == 1:
        del recipe["pace"]
    content = {
        "protocol": PROTOCOL_VERSION,
        "case": spec,
        "weights": weights_sha256,
        "split": split_sha256,
        "budget": asdict(budget),
        "seeds": seeds,
        "rate": recorded_rate,
        "precision": precision,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
