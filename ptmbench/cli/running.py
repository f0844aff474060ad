"""`ptmbench run`: the same core as pytest, with a line a case and the tables at the end."""

import argparse
import sys
import time
from collections.abc import Sequence

from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.presence import on_disk
from ptmbench.catalog.selection import select
from ptmbench.catalog.settings import RunSettings, check_settings
from ptmbench.catalog.spec import Case
from ptmbench.cli.faults import FAULT, where_kept
from ptmbench.errors import Faults, UsageError
from ptmbench.outlet import say, warn
from ptmbench.records.record import Record
from ptmbench.report.progress import Watch, describe, opening, remaining
from ptmbench.report.summary import end_of_run
from ptmbench.running.floors import complaint, load_floors
from ptmbench.running.forecast import forecast
from ptmbench.running.session import Session
from ptmbench.terminal import shortened, shows_colour


def chosen_cases(arguments: argparse.Namespace) -> tuple[Case, ...]:
    """The cases that the options name together; raises `UsageError` where there are none."""
    faults = Faults()
    with faults:
        entries = entries_of(arguments.model, arguments.task, variants=arguments.variant, methods=arguments.method)
    with faults:
        select((), arguments.expression)
    faults.check()
    selected = select(entries.cases(), arguments.expression)
    if not selected:
        raise UsageError(
            "no case is left by these options: image models go with image tasks and text models with text tasks, "
            "from_scratch with *.random models, fine_tune with pre-trained ones; look at `ptmbench list cases -k EXPR`"
        )
    return selected


def _settings(arguments: argparse.Namespace) -> RunSettings:
    return check_settings(
        budget=arguments.budget,
        seeds=arguments.seeds,
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        timeout_s=arguments.timeout,
        skip_bad=arguments.skip_bad,
        corruptions=arguments.corruptions,
        jobs=arguments.jobs,
        tune_on=arguments.tune_on,
        columns=arguments.columns,
    )


def run_cases(arguments: argparse.Namespace) -> int:
    """Runs the chosen cases; 1 if a floor was missed or a case did not finish, 2 if one could not be met.

    3 if one met a fault of ptmbench.
    """
    faults = Faults()
    with faults:
        settings = _settings(arguments)
    with faults:
        cases = chosen_cases(arguments)
    with faults:
        floors = load_floors(arguments.floors) if arguments.floors else None
    faults.check()
    if floors and not settings.budget.asserts_floors:
        raise UsageError(f"--floors and --budget {settings.budget.name} contradict each other: it asserts no floors")
    cases, left_out = on_disk(cases)
    if left_out:
        say(left_out)
    with Session(settings, folder=arguments.results, floors=floors, resume=arguments.resume) as session:
        complaints = run_session(session, cases)
        session.time_networks(say)
        records, problems = session.finish()
    ran = {case.id for case in cases}
    shown = [record for record in records if record.case.id in ran]
    say(f"\n{end_of_run(shown, session.store.estimate, colour=shows_colour(sys.stdout))}", styled=True)
    for line in (*problems, *complaints, *session.refusals):
        warn(f"ptmbench: {line}")
    say(f"{len(shown)} records in {session.store.path}; render them: ptmbench report {session.store.path}")
    if session.faults:
        warn(where_kept(*session.faults.values()))
    if session.refused:
        warn(f"ptmbench: {len(session.refused)} of {len(cases)} cases could not be met")
    if session.faults:
        return FAULT
    return 2 if session.refused else 1 if complaints else 0


def run_session(session: Session, cases: Sequence[Case]) -> list[str]:
    """Runs the cases with a line for each; returns what is wrong with each that is not well."""
    complaints, width, started = [], len(str(len(cases))), time.perf_counter()
    session.plan(cases)
    expected, by_id = forecast(cases, session.settings), {case.id: case for case in cases}
    told = opening(None if session.resume else expected.total_s(), whole=expected.whole)  # a resume keeps what it finds
    say(f"{len(cases)} case{'s' * (len(cases) != 1)} at the budget {session.settings.budget.name}{told}")
    with Watch(session.at_work, say) as watch:
        for number, record in enumerate(session.run_all(cases), start=1):
            watch.step()
            expected.note(by_id[record.case.id], record, reused=record.case.id in session.reused)
            left_s = expected.left_s(time.perf_counter() - started)
            trace = session.faults.get(record.case.id)
            if trace is not None:  # the run goes on
                complaints.append(f"{record.case.id} failed by a fault in ptmbench: {shortened(record.reason or '')}")
                continue
            left = remaining(left_s)
            line = describe(record, record.case.id in session.reused)
            say(f"[{number:{width}}/{len(cases)}] {line}{left}")
            fault = _fault(record, session)
            if fault:
                complaints.append(fault)
    say(f"{len(cases) - len(session.refused)} cases in {time.perf_counter() - started:.0f} s")
    return complaints


def _fault(record: Record, session: Session) -> str | None:
    if record.status == "skipped":
        return None
    if record.status != "ok":
        return f"{record.case.id} is {record.status}: {shortened(record.reason or '')}"
    return complaint(record, session.floors.name) if session.floors else None
