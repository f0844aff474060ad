"""Text data sets of the Hugging Face hub, `hf:ORG/NAME@REVISION?text=COLUMN&label=COLUMN`, or a folder of such files.

The files are read from the hub's cache, or from the folder, by the `datasets` library (an extra); `?tokens=&tags=`
reads labels a word. A `@REVISION` pins them; loading scripts are not run.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from ptmbench.downloads import check_online
from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens
from ptmbench.engine.models.foreign_code import imported
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError, listed
from ptmbench.references import Reference
from ptmbench.splits import Part

FILES: Final = ("*.parquet", "*.csv", "*.jsonl", "*.json")
HIDDEN = -1  # the label that public test parts carry where it is kept secret


def folder_of(reference: Reference) -> Path:
    """The user's own folder, or the snapshot in the hub's cache; raises `Unavailable`."""
    own = Path(reference.name).expanduser()
    if own.is_dir():
        return own
    repository, _, revision = reference.name.partition("@")
    try:
        found = snapshot_download(repository, repo_type="dataset", revision=revision or None, local_files_only=True)
    except HFValidationError:
        raise Unavailable(f"{own} is neither a folder nor the name of a repository: expected hf:ORG/NAME") from None
    except LocalEntryNotFoundError:
        raise Unavailable(f"{repository} is not on disk: ptmbench fetch --task '{reference}'") from None
    return Path(found)


def fetch(reference: Reference) -> Path:
    """Downloads the tables into the hub's cache; the hub's client resumes and checks."""
    own, (repository, _, revision) = Path(reference.name).expanduser(), reference.name.partition("@")
    if own.is_dir():
        return own
    check_online()
    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision or None, allow_patterns=[*FILES, "README.md"]
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise WeightsError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from None
    return Path(found)


def load(reference: Reference, *, skip_bad: bool) -> LabelledTexts | LabelledTokens:
    """The set's parts, with the names of its labels."""
    tables = _tables(reference)
    chosen = _parts(reference, list(tables))
    if reference.get("text"):
        return _texts(reference, {part: tables[name] for part, name in chosen.items()}, skip_bad=skip_bad)
    return _tokens(reference, {part: tables[name] for part, name in chosen.items()})


def _tables(reference: Reference) -> Any:
    """The tables by the names of their splits."""
    library: Any = imported("datasets", "datasets")
    folder = folder_of(reference)
    folder = folder / reference.get("folder") if reference.get("folder") else folder
    if not any(file for pattern in FILES for file in folder.rglob(pattern)):
        raise Unavailable(f"{folder} holds no tables: expected {', '.join(FILES)}; fetch it again")
    try:
        with _quiet(library):
            return library.load_dataset(str(folder), trust_remote_code=False)
    except Exception as error:  # noqa: BLE001  the library raises many kinds, some of them of pyarrow
        raise UsageError(
            f"{reference} cannot be read: {str(error).splitlines()[0]}; several sets in one repository are told apart "
            "by ?folder=NAME"
        ) from None


@contextlib.contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Without progress bars, and without any table being looked up on the network."""
    library.disable_progress_bars()
    try:
        yield
    finally:
        library.enable_progress_bars()


def _parts(reference: Reference, names: Sequence[str]) -> dict[Part, str]:
    """Which split is which part: by its name, or as `validation=` and `test=` say."""
    wanted: dict[Part, str] = {"train": "train", "validation": "validation", "test": "test"}
    given: dict[Part, str] = {"validation": reference.get("validation"), "test": reference.get("test")}
    for part, name in given.items():
        if name and name not in names:
            raise UnknownName(f"split of {reference.name}", name, names)
        if name:
            wanted[part] = name
    if wanted["test"] == wanted["validation"]:
        del wanted["validation"]  # the training part gives one, as where a set comes without it
    found = {part: name for part, name in wanted.items() if name in names}
    for part in ("train", "test"):
        if part not in found:
            raise UsageError(f"{reference} has the splits {', '.join(names)} and no {part}: name one with ?test=SPLIT")
    return found


def _column(reference: Reference, option: str, table: Any) -> str:
    name = reference.get(option)
    if name not in table.column_names:
        raise UnknownName(f"column of {reference.name}", name, table.column_names)
    return name


def _names(feature: Any, values: list[Any]) -> tuple[str, ...]:
    """The names that the set gives its labels, or the labels themselves in order."""
    named = getattr(feature, "names", None)
    return tuple(named) if named else tuple(map(str, sorted(set(values))))


def _texts(reference: Reference, tables: dict[Part, Any], *, skip_bad: bool) -> LabelledTexts:
    ids: list[str] = []
    texts: list[str] = []
    values: list[Any] = []
    parts: list[Part] = []
    faults: list[str] = []
    feature = None
    for part, table in tables.items():
        text, label = _column(reference, "text", table), _column(reference, "label", table)
        feature = table.features[label]
        for index, (words, value) in enumerate(zip(table[text], table[label], strict=True)):
            fault = _fault(words, value)
            if fault:
                faults.append(f"{part} row {index + 1}: {fault}")
                continue
            ids.append(f"{part}/{index}")
            texts.append(words)
            values.append(value)
            parts.append(part)
    if faults and not skip_bad:
        raise UsageError(
            f"{reference}: {len(faults)} faults: {listed(faults)}; where a test part has no labels take another one, "
            "?test=validation, or go on without these rows: --skip-bad"
        )
    classes = _names(feature, values)
    place = {name: index for index, name in enumerate(classes)}
    labels = [value if isinstance(value, int) and len(classes) > value else place[str(value)] for value in values]
    return LabelledTexts(
        tuple(ids), tuple(texts), torch.tensor(labels), classes, parts=tuple(parts), left_out=tuple(faults)
    )


def _fault(words: Any, value: Any) -> str:
    if not isinstance(words, str) or not words.strip():
        return "no text"
    return "no label" if value is None or value == HIDDEN else ""


def _tokens(reference: Reference, tables: dict[Part, Any]) -> LabelledTokens:
    ids: list[str] = []
    sentences: list[tuple[str, ...]] = []
    tags: list[tuple[str, ...]] = []
    parts: list[Part] = []
    for part, table in tables.items():
        words, labels = _column(reference, "tokens", table), _column(reference, "tags", table)
        feature = getattr(table.features[labels], "feature", None)
        named = getattr(feature, "names", None)
        for index, (sentence, row) in enumerate(zip(table[words], table[labels], strict=True)):
            if not sentence:
                continue  # a tweet that was deleted
            ids.append(f"{part}/{index}")
            sentences.append(tuple(word.replace("\t", " ") or "_" for word in sentence))
            tags.append(tuple(named[tag] if named else str(tag) for tag in row))
            parts.append(part)
    classes = ("O", *sorted({tag for row in tags for tag in row} - {"O"}))
    return LabelledTokens(tuple(ids), tuple(sentences), tuple(tags), classes, tuple(parts))
