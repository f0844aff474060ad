"""The rows that describe a provider of models, a form of data or a metric, and those that other packages bring.

A package brings rows through the entry-point group `ptmbench.extensions`: each entry point names a `ModelScheme`, a
`DataScheme` or a `MetricScheme`.
"""

import functools
import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from ptmbench.catalog.places import data_home, torch_home
from ptmbench.catalog.references import Reference
from ptmbench.catalog.traits import Family, Modality, Serves, TaskKind
from ptmbench.errors import UsageError

GROUP: Final = "ptmbench.extensions"


def last_word(name: str) -> str:
    """The last word of a path or an id, less its weights or revision."""
    return PurePath(name.partition("@")[0]).name


def _images(_reference: Reference) -> Modality:
    return Modality.IMAGE


def _features(_name: str) -> Serves:
    return Serves.FEATURES


def _in_checkpoints(_reference: Reference, file: str) -> bool:
    return (torch_home() / "checkpoints" / file).exists()


@dataclass(frozen=True, slots=True)
class ModelScheme:
    """A provider of models.

    Args:
        name: The scheme, as it stands before the colon.
        hot: The `ModelProvider` that loads its models, as "module:name".
        options: What a user may add besides the options that every model reference takes.
        ships: Its models come with the package and are called by their names.
        random: Its models are architectures at random initialisation.
        composed: It builds over another model, which its entry names.
        tokens: Its text models take tokens, whose number a user may choose.
        extra: The extra of the package that it needs.
        family: How its published weights were trained, where all were trained alike.
        modality: What a model of a reference takes in.
        serves: What a model of a name gives.
        short: What people call a model of a name.
        on_disk: Whether the weights of a reference are there; takes the name of their file in torch's cache too.
        in_python: Its models are objects of a Python program, which no command line can name.
        code: What of a reference chooses the network's code, where versions of libraries pin that code; None: it may
            change under the same reference, and features are not kept on disk. No path of a user's belongs in it.
    """

    name: str
    hot: str
    options: tuple[str, ...] = ()
    ships: bool = False
    random: bool = False
    composed: bool = False
    tokens: bool = False
    extra: str | None = None
    family: Family = Family.UNSTATED
    modality: Callable[[Reference], Modality] = _images
    serves: Callable[[str], Serves] = _features
    short: Callable[[str], str] = last_word
    on_disk: Callable[[Reference, str], bool] = _in_checkpoints
    in_python: bool = False
    code: Callable[[Reference], str | None] = lambda _reference: None

    @property
    def typed(self) -> bool:
        """Whether a user may type it; what ships is called by its name."""
        return not (self.ships or self.in_python)


@dataclass(frozen=True, slots=True)
class DataScheme:
    """A form of data.

    Args:
        name: The scheme, as it stands before the colon.
        hot: The loader, a function of a reference and `skip_bad` that returns samples, as "module:name".
        kind: The kind of task that the data of a reference makes; raises `UsageError` where it cannot be told.
        options: What a user may add besides the options that every data reference takes.
        extra: The extra of the package that it needs.
        short: What people call data of a name.
        fetch: What downloads the data of a reference, as "module:name"; None where there is nothing to fetch.
        on_disk: Whether the data of a reference is there; takes its place below the data folder too.
        in_python: Its data are objects of a Python program, which no command line can name.
    """

    name: str
    hot: str
    kind: Callable[[Reference], TaskKind]
    options: tuple[str, ...] = ()
    extra: str | None = None
    short: Callable[[str], str] = lambda name: PurePath(name).stem or name
    fetch: str | None = None
    on_disk: Callable[[Reference, str], bool] = lambda _reference, place: (data_home() / place).exists()
    in_python: bool = False

    @property
    def typed(self) -> bool:
        """Whether a user may type it."""
        return not self.in_python


@dataclass(frozen=True, slots=True)
class MetricScheme:
    """A metric beside the primary one, which a record keeps under its name.

    Args:
        name: Its name in records.
        hot: A function of predicted labels [n], true labels [n] and the names of the classes, as "module:name".
        kinds: The kinds of task that it is computed for.
    """

    name: str
    hot: str
    kinds: frozenset[TaskKind]


Row = ModelScheme | DataScheme | MetricScheme


@functools.cache
def _extensions() -> tuple[Row, ...]:
    """The rows of installed packages, by the names of their entry points; raises `UsageError` for what is no row."""
    return tuple(_extension(point) for point in importlib.metadata.entry_points(group=GROUP))


def _extension(point: importlib.metadata.EntryPoint) -> Row:
    package = point.dist.name if point.dist else point.value
    try:
        row = point.load()
    except Exception as error:  # the code of another package may raise anything
        raise UsageError(
            f"the extension {point.name} of {package} cannot be loaded ({type(error).__name__}: {error}): mend or "
            f"uninstall {package}"
        ) from error
    if not isinstance(row, Row):
        raise UsageError(
            f"the extension {point.name} of {package} is a {type(row).__name__}: expected a ModelScheme, a DataScheme "
            "or a MetricScheme of ptmbench.catalog.extensions"
        )
    return row


def rows(sort: type[Row], built_in: tuple[Row, ...]) -> Iterator[Row]:
    """The package's own rows, then those of extensions; raises `UsageError` where one takes a name that is taken."""
    names = {row.name for row in built_in}
    yield from built_in
    for row in _extensions():
        if isinstance(row, sort):
            if row.name in names:
                raise UsageError(f"an extension calls itself {row.name}:, which is taken: give it another name")
            names.add(row.name)
            yield row
