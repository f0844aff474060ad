"""Which records of the two sides belong together, what was changed between them, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from ptmbench.errors import StoreError, listed
from ptmbench.gate.findings import Finding
from ptmbench.gate.rules import Change, Rules, Verdict
from ptmbench.gate.sides import Entry, Side
from ptmbench.records.record import Record

CASE = "case"  # the metric of a finding that is about the case as a whole


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """The records of one case, all `ok`: one for each launch of the baseline, and one for each launch now."""

    case_id: str
    baseline: list[Entry]
    current: list[Entry]
    changes: tuple[str, ...]


def check_sides(baseline: Side, current: Side) -> None:
    """Raises `StoreError` where the two sides cannot be compared at all."""
    if baseline.key != current.key:
        raise StoreError(
            f"{baseline.path} holds {baseline.key.name} and {current.path} holds {current.key.name}: budgets, devices "
            "and precisions are never mixed"
        )
    if not baseline.cases.keys() & current.cases.keys():
        raise StoreError(
            f"no case is in both {baseline.path} ({listed(sorted(baseline.cases)[:3])}, ...) and {current.path} "
            f"({listed(sorted(current.cases)[:3])}, ...)"
        )


def pair_up(baseline: Side, current: Side, rules: Rules) -> tuple[list[Pair], list[Finding]]:
    """The cases that can be compared, and findings on those that are missing, broken or changed."""
    pairs, findings = [], []
    for case_id in sorted(baseline.cases):
        before, now = baseline.cases[case_id], current.cases.get(case_id, [])
        broken = _broken(case_id, before, now)
        if broken:
            findings.append(broken)
            continue
        done = [[entry for entry in side if entry[1].status == "ok"] for side in (before, now)]
        if not all(done):
            continue  # was not finished in the baseline either
        changes = tuple(_changes(done[0][0][1], done[1][0][1], rules))
        pairs.append(Pair(case_id, done[0], done[1], changes))
    return pairs, findings


def _broken(case_id: str, before: list[Entry], now: list[Entry]) -> Finding | None:
    """What is wrong with a case that finished in the baseline and did not now."""
    if all(record.status != "ok" for _, record in before):
        return None
    if not now:
        return Finding(case_id, CASE, "missing", note="has a record in the baseline only")
    failed = [record for _, record in now if record.status != "ok"]
    if not failed:
        return None
    verdict: Verdict = "missing" if failed[0].status == "skipped" else "worse"
    return Finding(case_id, CASE, verdict, note=f"was finished, and is {failed[0].status} now: {failed[0].reason}")


def _changes(before: Record, now: Record, rules: Rules) -> Iterator[str]:
    """What differs in what was run, in words, but for what the rules compare all the same."""
    for kind, name, was, is_now in _identities(before, now):
        if was != is_now and kind not in rules.compare:
            yield f"{name} {_short(was)} -> {_short(is_now)}"


def _identities(before: Record, now: Record) -> Iterator[tuple[Change, str, object, object]]:
    """What makes a case what it is: kind of change, name, and the values on both sides.

    What the validation split chose is an outcome and no change: a regression may well choose otherwise.
    """
    was, is_now = before.case, now.case
    yield "weights", "weights", was.model.weights_sha256, is_now.model.weights_sha256
    yield "weights", "share of weights loaded", was.model.loaded_fraction, is_now.model.loaded_fraction
    yield "data", "data and split", was.task.split_sha256, is_now.task.split_sha256
    yield "hyperparameters", "values tried", was.method.grid, is_now.method.grid
    yield "hyperparameters", "training steps", was.method.steps, is_now.method.steps
    tuned = was.method.grid.keys() | is_now.method.grid.keys()
    for name in sorted(was.method.hyperparameters.keys() | is_now.method.hyperparameters.keys()):
        if name not in tuned:
            values = was.method.hyperparameters, is_now.method.hyperparameters
            yield "hyperparameters", name, values[0].get(name), values[1].get(name)
    for name in ("shape", "preprocessing"):
        yield "input", f"input {name}", getattr(was.input, name, None), getattr(is_now.input, name, None)
    yield "protocol", "protocol", before.protocol_version, now.protocol_version


def _short(value: object) -> str:
    """A value as a line can hold it: the beginning of a sha256, a list whole."""
    text = str(value)
    return text[:12] if isinstance(value, str) else text
