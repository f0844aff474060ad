"""Results: the records of a run or of results folders, and what can be made of them."""

import html
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ptmbench.analysis.case_rows import told_by
from ptmbench.analysis.gain import settled
from ptmbench.errors import UnknownName, UsageError
from ptmbench.records.figures import figures_in
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder, read_folders
from ptmbench.report.rendering import ESCAPES, Readers, render, usability_card

if TYPE_CHECKING:
    import pandas as pd

Place = str | os.PathLike[str]
STYLES: Final = (*ESCAPES, "json", "latex")


@dataclass(frozen=True, eq=False)
class Results:
    """The records of a run, or of results folders, with what can be made of them.

    Iterating gives the records, `results[CASE_ID]` one of them. `folders` are where they lie; `problems` says what
    could not be read, was left out or met a fault of ptmbench.
    """

    records: tuple[Record, ...]
    folders: tuple[Path, ...]
    problems: tuple[str, ...] = ()
    _readers: Readers = field(default_factory=lambda: Readers.of({}), repr=False)

    @property
    def folder(self) -> Path:
        """The one results folder; raises `UsageError` where there are several."""
        if len(self.folders) != 1:
            raise UsageError(f"expected one results folder, these records come from {len(self.folders)}: see .folders")
        return self.folders[0]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __getitem__(self, case_id: str) -> Record:
        """The record of a case; raises `UnknownName`, or `UsageError` where several folders have the case."""
        found = [record for record in self.records if record.case.id == case_id]
        if not found:
            raise UnknownName("case", case_id, [record.case.id for record in self.records])
        if len(found) > 1:
            raise UsageError(f"{case_id} has {len(found)} records: load one folder at a time, or iterate over all")
        return found[0]

    def __repr__(self) -> str:
        finished = sum(record.status == "ok" for record in self.records)
        places = ", ".join(map(str, self.folders))
        return f"<Results: {len(self)} cases, {finished} of them ok, in {places}>"

    def _repr_html_(self) -> str:
        """The tables, where a notebook shows the results."""
        return f"<pre>{html.escape(self.table())}</pre>"

    def table(self, style: str = "text") -> str:
        """The comparison tables, as `ptmbench report` prints them.

        Args:
            style: "text", "markdown", "csv", "json" or "latex".

        Returns:
            One text, which ends with a line break: quality and gain in percent with their 95 % intervals, costs in the
            units of the headings; "csv" and "json" in SI units.

        Raises:
            UsageError: For another style.
        """
        if style not in STYLES:
            raise UnknownName("style", style, STYLES)
        return render(list(self.records), style, self._readers)

    def card(self, model: str) -> str:
        """The usability card of one model, as `ptmbench report --card` prints it.

        Args:
            model: The name of a model that has records here.

        Returns:
            Markdown.

        Raises:
            UsageError: Where no record is of that model; near names are given.
        """
        from ptmbench.report.usability_pages import render_card  # templates take long to import

        return render_card(usability_card(list(self.records), self._readers, model))

    def to_json(self) -> str:
        """All records whole.

        Returns:
            A JSON array; `Record.model_validate` reads each of its objects.
        """
        return "[\n" + ",\n".join(record.model_dump_json(indent=1) for record in self.records) + "\n]\n"

    def to_dataframe(self) -> "pd.DataFrame":
        """The figures of all records.

        Returns:
            One row a case: what the case is, its status, and every figure in SI units (quality and gain as shares in
            [0, 1], `..._s` in seconds, `..._bytes` in bytes), those with a 95 % interval with its ends as `..._low` and
            `..._high`; missing where a record has no figure.

        Raises:
            UsageError: Where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise UsageError("to_dataframe needs pandas: pip install pandas") from None
        return pd.DataFrame([_facts(record) | _figures(record) for record in self.records])


def _facts(record: Record) -> dict[str, object]:
    """What a case is, and how it ended."""
    case = record.case
    return {
        "case": case.id,
        "model": case.model.name,
        "task": case.task.name,
        "method": case.method.name,
        "variant": case.variant,
        "reference": case.model.reference,
        "family": case.model.family,
        "kind": case.task.kind,
        "dataset": case.task.dataset,
        "shots": case.task.shots,
        "budget": record.budget,
        "device": record.provenance.device,
        "precision": case.precision,
        "status": record.status,
        "reason": record.reason,
        "metric": record.quality.metric if record.quality else None,
        "verdict": told_by(record.gain) if record.gain else None,
        "seeds": len(record.quality.seeds) if record.quality else None,
        "interval_kind": record.quality.interval_kind if record.quality else None,
        "gain_seeds": record.gain.seeds if record.gain else None,
        "gain_kind": record.gain.interval_kind if record.gain else None,
    }


def _figures(record: Record) -> dict[str, float | None]:
    """Every figure of the table of figures by name, and the ends of its interval."""
    found: dict[str, float | None] = {}
    for metric in figures_in("csv"):
        found[metric.name] = metric.read(record)
        interval = metric.interval(record)
        if interval is not None:
            found[f"{metric.name}_low"], found[f"{metric.name}_high"] = interval
    return found


def load(folders: Place | Iterable[Place]) -> Results:
    """Reads results folders; the gains are computed anew.

    Args:
        folders: One results folder or several, as `ptmbench run --results` and `ptmbench.run(results=...)` write them.

    Returns:
        All their records; `problems` lists the files that could not be read.

    Raises:
        StoreError: For what is no results folder.
    """
    places = [Path(folders)] if isinstance(folders, str | os.PathLike) else [Path(place) for place in folders]
    read, problems = read_folders(places)
    records: list[Record] = []
    homes: dict[str, ResultsFolder] = {}
    for folder, found in read:
        records += settled(found, folder.estimate)
        homes |= {record.quality.outcomes.sha256: folder for record in found if record.quality}
    return Results(tuple(records), tuple(places), tuple(problems), Readers.of(homes))
