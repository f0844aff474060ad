"""`ptmbench list`: models, tasks, methods and cases."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from tabulate import tabulate

from ptmbench.catalog import METHODS
from ptmbench.entries import entries_of
from ptmbench.errors import UsageError
from ptmbench.selection import select
from ptmbench.spec import MethodSpec, ModelSpec, TaskSpec


def list_entries(arguments: argparse.Namespace) -> int:
    """Prints the catalog's entries of one sort."""
    if arguments.what == "cases":
        return _list_cases(arguments)
    if arguments.expression:
        raise UsageError(f"-k selects cases; it does not go with `list {arguments.what}`")
    catalogs: dict[str, tuple[ModelSpec | TaskSpec | MethodSpec, ...]] = {
        "models": entries_of().models,
        "tasks": entries_of().tasks,
        "methods": METHODS,
    }
    entries = [asdict(entry) for entry in catalogs[arguments.what]]
    if arguments.json:
        print(json.dumps(entries, indent=1))
        return 0
    columns = {
        "models": ["name", "family", "objective", "source", "provider"],
        "tasks": ["name", "kind", "dataset", "shots", "classes"],
        "methods": ["name", "frozen", "tuned", "grid"],
    }[arguments.what]
    print(tabulate([[_cell(entry[column]) for column in columns] for entry in entries], headers=columns))
    return 0


def _list_cases(arguments: argparse.Namespace) -> int:
    cases = select(entries_of().cases(), arguments.expression)
    if arguments.json:
        rows = [{"id": c.id, "model": c.model.name, "task": c.task.name, "method": c.method.name} for c in cases]
        print(json.dumps(rows, indent=1))
    else:
        print("\n".join(case.id for case in cases))
    return 0


def _cell(value: Any) -> str:
    if value is None:
        return "all"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
