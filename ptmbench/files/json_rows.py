"""The values of a JSON file that are rows of a table: an object a line, or one value that holds them as usual."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ptmbench.errors import UsageError
from ptmbench.reading import json_of

JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")

Values = tuple[list[tuple[int, Any]], list[str]]


def values_of(path: Path, text: str) -> Values:
    """The values with their numbers, and the lines that are no JSON; raises `UsageError` where the whole is none."""
    return _whole(path, text) if _is_whole(path, text) else _lines(path, text)


def _is_whole(path: Path, text: str) -> bool:
    """Whether the file is one value: an array, or an object over several lines, or alone in a file not called lines."""
    first, _, more = text.strip().partition("\n")
    if first.startswith("["):
        return True
    return not first.rstrip().endswith("}") or (not more and path.suffix.lower() == ".json")


def _lines(path: Path, text: str) -> Values:
    found, faults = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append((number, json_of(line)))
            except ValueError as error:
                faults.append(f"{path}:{number}: no JSON: {_why(error)}")
    return found, faults


def _whole(path: Path, text: str) -> Values:
    """The rows of one JSON value: a list of objects, an object of columns, or an object with one list of objects."""
    try:
        value = json_of(text)
    except ValueError as error:
        raise UsageError(f"{path}: no JSON: {_why(error)}; expected an object a line, or one list of objects") from None
    if isinstance(value, dict):
        lists = {key: entry for key, entry in value.items() if isinstance(entry, list)}
        rows = [entry for entry in lists.values() if entry and all(isinstance(row, dict) for row in entry)]
        if len(rows) == 1:
            value = rows[0]
        elif lists and len(lists) == len(value) and len({len(entry) for entry in lists.values()}) == 1:
            value = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        elif value and all(isinstance(entry, dict) and entry for entry in value.values()):
            value = _by_columns(path, value)
        else:
            value = [value]
    return list(enumerate(value, 1)), []


def _by_columns(path: Path, columns: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of an object of columns, each an object by the numbers of its rows: what pandas writes unasked."""
    numbers = [*next(iter(columns.values()))]
    if any([*column] != numbers for column in columns.values()):
        raise UsageError(
            f"{path}: expected an object a line, or one list of objects, got an object of objects: "
            "DataFrame.to_json(PATH, orient='records', lines=True) writes lines"
        )
    return [{name: column[number] for name, column in columns.items()} for number in numbers]


def _why(error: Exception) -> str:
    return str(error).partition(" (char")[0]
