"""`ptmbench list`: models, tasks, methods and cases."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from tabulate import tabulate

from ptmbench.catalog.builtin import ALL_METHODS
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.hub_models import HUB_MODELS, PUBLISHED
from ptmbench.catalog.hub_tasks import HUB_TASKS, PUBLISHED_DATA
from ptmbench.catalog.presence import lacking
from ptmbench.catalog.selection import select
from ptmbench.catalog.spec import MethodSpec, ModelSpec, TaskSpec
from ptmbench.errors import UsageError
from ptmbench.outlet import hand_over, say


def list_entries(arguments: argparse.Namespace) -> int:
    """Prints the catalog's entries of one sort."""
    if arguments.what == "cases":
        return _list_cases(arguments)
    if arguments.expression:
        raise UsageError(f"-k selects cases; it does not go with `list {arguments.what}`")
    catalogs: dict[str, tuple[ModelSpec | TaskSpec | MethodSpec, ...]] = {
        "models": entries_of().models,
        "tasks": entries_of().tasks,
        "methods": ALL_METHODS,
    }
    entries = [{**_fields(entry), **_presence(entry)} for entry in catalogs[arguments.what]]
    if arguments.json:
        hand_over(json.dumps(entries, indent=1))
        return 0
    columns = {
        "models": ["name", "family", "objective", "source", "provider", "on_disk"],
        "tasks": ["name", "kind", "dataset", "shots", "classes", "on_disk"],
        "methods": ["name", "frozen", "tuned", "grid"],
    }[arguments.what]
    say(tabulate([[_cell(entry[column]) for column in columns] for entry in entries], headers=columns))
    return 0


def _fields(entry: ModelSpec | TaskSpec | MethodSpec) -> dict[str, Any]:
    """The fields of an entry as JSON holds them, and what follows from them that readers ask for."""
    fields = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(entry).items()}
    if isinstance(entry, ModelSpec):
        fields["modality"] = "+".join(fields["modalities"])
    if isinstance(entry, MethodSpec):
        fields["frozen"] = entry.frozen
    return fields


def _presence(entry: ModelSpec | TaskSpec | MethodSpec) -> dict[str, Any]:
    """Whether an entry of the hub tier is on disk, with what was published of it; of the others it is not asked."""
    if isinstance(entry, MethodSpec):
        return {}
    if isinstance(entry, ModelSpec):
        known: Any = PUBLISHED.get(entry.architecture)
        missing = lacking(entry.architecture if entry in HUB_MODELS else "", "")
    else:
        known = PUBLISHED_DATA.get(entry.name.removesuffix("_full"))
        missing = lacking("", entry.name if entry in HUB_TASKS else "")
    where = "to fetch" if missing else ("ships" if known is None else "yes")
    return {"on_disk": where, **({"published": asdict(known)} if known else {})}


def _list_cases(arguments: argparse.Namespace) -> int:
    cases = select(entries_of().cases(), arguments.expression)
    if arguments.json:
        rows = [{"id": c.id, "model": c.model.name, "task": c.task.name, "method": c.method.name} for c in cases]
        hand_over(json.dumps(rows, indent=1))
    else:
        say("\n".join(case.id for case in cases))
    return 0


def _cell(value: Any) -> str:
    if value is None:
        return "all"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
