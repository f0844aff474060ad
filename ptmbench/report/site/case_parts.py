"""What the page of cases shows of one case, as data: a site of many cases has one page for all of them.

Rendering a page takes 4 ms, and 100,000 of them 7 minutes and 1.8 GB; what they are made of is written in a tenth of
the time, and the browser makes the page of the case that is asked for (`static/cases.js`). Which classes a case takes
for which is not shown there: `ptmbench show` prints it.
"""

from collections.abc import Sequence
from typing import Any, Final

from ptmbench.records.figures import by_name, figures_in
from ptmbench.report.columns import VERDICTS
from ptmbench.report.figures import labelled, metric_name, place_range, written
from ptmbench.report.site.case import command_of
from ptmbench.report.site.case_notes import case_notes
from ptmbench.report.site.holdings import Entry
from ptmbench.report.site.installed import Installed
from ptmbench.report.site.pages import CaseContext
from ptmbench.report.site.pictures import Picture

DRAWN: Final[dict[str, Any]] = {  # what stands in the charts already
    "quality": {"curve": True, "corrupted": True, "pictures": True},
    "cost": {"latency_s": {"samples"}},
}


def case_data(entry: Entry, pictures: Sequence[Picture], context: CaseContext, installed: Installed) -> dict[str, Any]:
    """The record without what is drawn, and what its page says besides.

    Args:
        entry: The case, with its row in its table.
        pictures: Its pictures, which the site holds or says why not.
        context: All runs of all cases, the steps of this one, and the page of its model.
        installed: The answers of the installed package.

    Returns:
        A tree of what JSON has; figures in `headline` and `runs` are written out, with their units.
    """
    record, row = entry.record, entry.row
    runs, charts = context.charts(entry)
    return {
        "record": record.model_dump(mode="json", exclude=DRAWN),
        "card": context.card,
        "folder": entry.holding.label,
        "setting": ", ".join(entry.setting),
        "headline": _headline(entry) if record.quality else [],
        "verdict": [row.verdict, VERDICTS[row.verdict]] if row.verdict else None,
        "below": row.floor_met is False,
        "notes": case_notes(record, row),
        "command": command_of(record, installed.ships),
        "charts": charts,
        "pictures": [
            [picture.page if picture.content else None, picture.name, picture.reason, picture.shows]
            for picture in pictures
        ],
        "runs": [_run(run, entry) for run in runs] if len(runs) > 1 else [],
    }


def _headline(entry: Entry) -> list[tuple[str, str, str]]:
    """The figures at the top of the page: what they are of, label and text."""
    row, quality = entry.row, entry.record.quality
    metric = metric_name(quality.metric) if quality else ""
    found = [
        ("quality", f"{metric}, % [95 %]", written(by_name("quality"), row)),
        ("rank", f"Rank among {entry.rows}", place_range(row.place_low, row.place_high, row.interval_kind)),
        ("gain", "Gain over scratch, points [95 %]", written(by_name("gain"), row)),
    ]
    for figure in figures_in("case"):
        if figure.name not in {"quality", "gain"}:
            label = labelled(figure)
            found.append((figure.name, label[:1].upper() + label[1:], written(figure, row)))
    return found


def _run(run: Entry, entry: Entry) -> list[str | bool]:
    """A line of the table of runs, its page first; whether it is the run that the page shows stands last."""
    made = run.record.provenance
    figures = [written(by_name(name), run.row) for name in ("quality", "latency_p50_s")]
    words = [run.page, made.started_at, run.holding.label, run.record.status]
    return [*words, *figures, made.machine.fingerprint, made.commit, run is entry]
