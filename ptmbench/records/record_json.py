"""Records as JSON files: written alike every time, read with every fault told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ptmbench.errors import RecordError
from ptmbench.reading import json_of
from ptmbench.records.hidden_paths import folders_of, may_tell_folders, without_folders
from ptmbench.records.record import SCHEMA_VERSION, Record


def to_json(record: Record) -> str:
    """The record as indented JSON that ends with a line break; equal records give equal text, without folders."""
    text = record.model_dump_json(indent=1) + "\n"
    if not may_tell_folders(text):
        return text
    start = Path.cwd()
    known = folders_of((record.case.model.reference, record.case.task.dataset), start)
    return _shown(record, start, known).model_dump_json(indent=1) + "\n"


def from_json(text: str | bytes, name: str) -> Record:
    """Reads a record; `name` stands in the message of `RecordError`, which lists all faults."""
    try:
        record = Record.model_validate_json(text)
        written = text if isinstance(text, str) else text.decode()
        return _shown(record) if may_tell_folders(written) else record  # of a ptmbench that kept them
    except ValidationError as error:
        newer = _newer_schema(text)
        if newer is not None:
            raise RecordError(
                f"{name} was written by a newer ptmbench (schema {newer}, this one reads {SCHEMA_VERSION}): upgrade "
                "ptmbench to read it"
            ) from None
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
        raise RecordError(f"{name} is not a ptmbench record of schema {SCHEMA_VERSION}: {shown}") from None


def _shown(record: Record, start: Path | None = None, known: Mapping[str, str] | None = None) -> Record:
    return Record.model_validate(without_folders(record.model_dump(), start, known))


def _newer_schema(text: str | bytes) -> int | None:
    """The schema version of what a later ptmbench wrote, else None."""
    try:
        version = json_of(text)["schema_version"]
    except (ValueError, KeyError, TypeError):  # a number of 5,000 digits is a ValueError
        return None
    return version if isinstance(version, int) and version > SCHEMA_VERSION else None


def json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a record."""
    return Record.model_json_schema(mode="serialization")
