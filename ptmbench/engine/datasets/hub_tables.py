"""Text data sets of the Hugging Face hub, `hf:ORG/NAME@REVISION?text=COLUMN&label=COLUMN`, or files of one's own.

What lies in the hub's cache, in a folder or in one file is read part by part (`ptmbench.engine.datasets.hub_grids`);
`?tokens=&tags=` reads labels a word. A `@REVISION` pins them; loading scripts are not run.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledTexts, LabelledTokens
from ptmbench.engine.datasets.hub_grids import FILES, hub_grids
from ptmbench.engine.datasets.labelled_tables import form_of, samples_of
from ptmbench.engine.datasets.tagged import tokens_of
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError, listed, told_once
from ptmbench.files.downloads import check_online
from ptmbench.files.grids import Grid
from ptmbench.files.labels import label_of
from ptmbench.files.splits import Part
from ptmbench.files.tables import Named, named_by_file
from ptmbench.files.tags import Tagged, is_plain

SKIP: Final = (
    "where a test part has no labels take another one, ?test=validation, or go on without these rows: --skip-bad"
)
Grids = Mapping[Part | None, Grid]


def folder_of(reference: Reference) -> Path:
    """The user's own file or folder, or the snapshot in the hub's cache; raises `Unavailable`."""
    own = Path(reference.name).expanduser()
    if own.exists():
        return own.resolve()
    repository, _, revision = reference.name.partition("@")
    try:
        found = snapshot_download(repository, repo_type="dataset", revision=revision or None, local_files_only=True)
    except HFValidationError:
        raise Unavailable(
            f"{own} is neither a file or folder nor the name of a repository: expected hf:ORG/NAME"
        ) from None
    except LocalEntryNotFoundError:
        raise Unavailable(f"{repository} is not on disk: ptmbench fetch --task '{reference}'") from None
    return Path(found)


def fetch(reference: Reference) -> Path:
    """Downloads the tables into the hub's cache; the hub's client resumes and checks."""
    own, (repository, _, revision) = Path(reference.name).expanduser(), reference.name.partition("@")
    if own.exists():
        return own
    check_online()
    try:
        found = snapshot_download(
            repository, repo_type="dataset", revision=revision or None, allow_patterns=[*FILES, "README.md"]
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise WeightsError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from None
    return Path(found)


def load(reference: Reference, *, skip_bad: bool) -> LabelledTexts | LabelledImageFiles | LabelledTokens:
    """The set's parts, with the names of its labels."""
    place = folder_of(reference)
    grids: Grids
    if place.is_file():
        grids = {None: named_by_file(place, None, form_of(reference)).grid}
    else:
        found = hub_grids(reference, place)
        grids = _divided(reference, found)
    if reference.get("tokens"):
        return sentences_of(reference, grids)
    return examples_of(reference, grids, place.parent if place.is_file() else place, skip_bad=skip_bad)


def examples_of(
    reference: Reference, grids: Grids, home: Path, *, skip_bad: bool
) -> LabelledTexts | LabelledImageFiles:
    """The examples of tables with a label a row, which are called by their parts and places."""
    named = [_called(part, grid) for part, grid in grids.items()]
    return samples_of(named, reference, home, skip_bad=skip_bad, hint=SKIP)


def _called(part: Part | None, grid: Grid) -> Named:
    name = part or grid.path.name
    return Named(grid, part, lambda row: f"{name}/{row - 1}", lambda row: f"{name} row {row}", strips=False)


def _divided(reference: Reference, found: Mapping[str, Grid]) -> Grids:
    """The grid of each part; the only split of a set is divided by hashes."""
    if len(found) == 1 and not reference.get("validation") and not reference.get("test"):
        return {None: next(iter(found.values()))}
    return {part: found[name] for part, name in _parts(reference, list(found)).items()}


def _parts(reference: Reference, names: Sequence[str]) -> dict[Part, str]:
    """Which split is which part: by its name, or as `validation=` and `test=` say."""
    wanted: dict[Part, str] = {"train": "train", "validation": "validation", "test": "test"}
    given: dict[Part, str] = {"validation": reference.get("validation"), "test": reference.get("test")}
    for part, name in given.items():
        if name and name not in names:
            raise UnknownName(f"split of {reference.name}", name, names)
        if name:
            wanted[part] = name
    again = [f"{part}={name}" for part, name in given.items() if name and name == wanted["train"]]
    if again:
        raise UsageError(
            f"{reference}: {' and '.join(again)} would be the rows that are learned from: name another split of "
            f"{', '.join(names)}, or leave it out"
        )
    if wanted["test"] == wanted["validation"]:
        del wanted["validation"]  # the training part gives one, as where a set comes without it
    found = {part: name for part, name in wanted.items() if name in names}
    for part in ("train", "test"):
        if part not in found:
            raise UsageError(f"{reference} has the splits {', '.join(names)} and no {part}: name one with ?test=SPLIT")
    return found


def sentences_of(reference: Reference, grids: Grids) -> LabelledTokens:
    """The sentences of tables with lists of words and of tags; raises `UsageError` with all faults."""
    sentences: list[Tagged] = []
    faults: list[str] = []
    for part, grid in grids.items():
        words, tags = grid.column(reference.get("tokens")), grid.column(reference.get("tags"))
        names = grid.names.get(grid.headings[tags], ())
        faults += [*grid.broken, *grid.faults]
        for row, cells in grid.rows:
            if not cells[words] and not cells[tags]:
                continue  # a tweet that was deleted
            where = f"{part or grid.path.name} row {row}"
            found, wrong = _sentence(cells[words], cells[tags], names)
            faults += [f"{where}: {fault}" for fault in wrong]
            sentences.append(Tagged(part, f"{part or grid.path.name}/{row - 1}", where, *found))
    if faults:
        raise UsageError(
            f"{reference}: {len(faults)} faults: {listed(told_once(faults))}; give every word a tag: O for no entity"
        )
    plain = is_plain(reference.get("scheme", "entities"))
    return tokens_of(sentences, str(reference), plain=plain, repair=reference.flag("repair"))


def _sentence(words: Any, tags: Any, names: Sequence[str]) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], list[str]]:
    """Words and tags of a row, and what is wrong with them."""
    faults = [
        f"expected a list of {what}, got {type(found).__name__}"
        for what, found in (("words", words), ("tags", tags))
        if not isinstance(found, list | tuple)
    ]
    if faults:
        return ((), ()), faults
    labels = [label_of(tag, names) for tag in tags]
    faults = [fault for _, fault in labels if fault]
    faults += [f"a word is no text: {word!r}" for word in words if not isinstance(word, str)]
    spelt = (word.replace("\t", " ") or "_" for word in words if isinstance(word, str))
    return (tuple(spelt), tuple(name for name, _ in labels)), faults
