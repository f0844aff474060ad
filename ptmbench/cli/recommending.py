"""`ptmbench recommend`: from labelled data to one model, with how sure that is."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ptmbench.catalog.bounds import real, whole
from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import named
from ptmbench.catalog.entries import Entries, entries_of
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import MethodSpec
from ptmbench.errors import Faults, UsageError
from ptmbench.outlet import hand_over, say, warn
from ptmbench.recommendation.demands import Demands
from ptmbench.recommendation.limits import MIB, Limits
from ptmbench.recommendation.race import Plan
from ptmbench.records.decision import decision_text
from ptmbench.records.environment import machine
from ptmbench.records.record import Record
from ptmbench.records.store import read_folders
from ptmbench.report.decision import render_decision
from ptmbench.running.candidates import candidates_of
from ptmbench.running.recommending import Question, Recommender, check_demands
from ptmbench.running.session import DEFAULT_FOLDER
from ptmbench.terminal import window_width

INTERRUPTED = 130
TIME = re.compile(r"(\d+(?:\.\d+)?)(s|min|h)")
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def recommend(arguments: argparse.Namespace) -> int:
    """Answers which model to take; 1 where none can be recommended, 130 where Ctrl-C made it the best answer so far."""
    if arguments.check:
        from ptmbench.cli.recommendation_check import print_check

        return print_check(arguments)
    question = question_of(arguments)
    settings = check_settings(
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        jobs=1 if arguments.jobs is None else arguments.jobs,
        measures_latency=False,
        skip_bad=arguments.skip_bad,
    )
    folder = arguments.results or DEFAULT_FOLDER / f"recommend-{question.task.name}"
    told = warn if arguments.json else say
    earlier = earlier_records(arguments.earlier, told)
    recommender = Recommender(question, settings, folder, told, earlier=earlier)
    decision = recommender.decide()
    if arguments.json:
        hand_over(decision_text(decision))
    else:
        say(f"\n{render_decision(decision, window_width() if sys.stdout.isatty() else 120)}")
        say(f"\nrecords and decision.json in {folder}; render them: ptmbench report {folder}")
    if recommender.interrupted:
        return INTERRUPTED
    return 0 if decision.pick is not None else 1


def question_of(arguments: argparse.Namespace) -> Question:
    """The question that was typed; raises `UsageError` with all its faults."""
    faults = Faults()
    methods: list[MethodSpec] = []
    entries = Entries((), ())
    limits, time_s, share = Limits(), None, None
    if not arguments.task:
        with faults:
            raise UsageError("expected the data to decide for: --task imagefolder:photos, csv:a.csv, or a task's name")
    with faults:
        entries = entries_of(arguments.model, [arguments.task] if arguments.task else [])
    for name in arguments.method:
        with faults:
            methods.append(named("method", name, METHODS))
    with faults:
        limits = limits_of(arguments)
    with faults:
        time_s = seconds_of(arguments.time)
    with faults:
        share = share_of(arguments.budget_share)
    demands = Demands(limits, plan_of(arguments), time_s, share)
    with faults:
        check_demands(demands, entries.models)
    faults.check()
    models = candidates_of(entries.models, entries.tasks[0], typed=bool(arguments.model))
    return Question(models, entries.tasks[0], tuple(methods), demands)


def earlier_records(folders: Sequence[Path], told: Callable[[str], None]) -> list[Record]:
    """The records that a user named, and what of them is not used; raises `StoreError` for what is no folder of any."""
    read, problems = read_folders(folders)
    found = [record for _, records in read for record in records]
    for problem in problems:
        told(f"warning: {problem}")
    others = {record.provenance.machine.fingerprint for record in found} - {machine("none", 1).fingerprint}
    if others:
        told("earlier records are of another machine: they rank models by quality, and their times are not used")
    return found


def limits_of(arguments: argparse.Namespace) -> Limits:
    """The limits that were typed, in SI units; raises `UsageError` for what is no number."""
    faults = Faults()
    words = [word.strip().lower() for word in (arguments.licence or "").split(",")]
    licences = tuple(word for word in words if word)
    given = {
        "--max-p95-ms": (arguments.max_p95_ms, 1e-3),
        "--max-size-mib": (arguments.max_size_mib, MIB),
        "--max-memory-mib": (arguments.max_memory_mib, MIB),
        "--max-train-min": (arguments.max_train_min, 60.0),
    }
    scaled: list[float | None] = []
    for option, (number, scale) in given.items():
        with faults:
            if number is not None and not isinstance(number, float):
                raise UsageError(f"expected {option} with a number, got {number!r}")
        scaled.append(number * scale if isinstance(number, float) else None)
    if arguments.licence is not None and not licences:
        with faults:
            raise UsageError("expected --licence with names such as MIT,Apache-2.0, got none")
    faults.check()
    p95_s, size, memory, train_s = scaled
    return Limits(p95_s, size, memory, train_s, licences)


def plan_of(arguments: argparse.Namespace) -> Plan:
    """How far the race goes; numbers that make no sense are for `Plan.faults` to tell."""
    within = arguments.within / 100 if isinstance(arguments.within, float) else arguments.within
    return Plan(shortlist=arguments.shortlist, within=within, confidence=arguments.confidence)


def seconds_of(text: str | None) -> float | None:
    """A time such as 90s, 10min or 2h in seconds; raises `UsageError` for another form, and for none at all."""
    if text is None:
        return None
    found = TIME.fullmatch(text.strip())
    seconds = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not 0 < seconds < 1e7:
        raise UsageError(f"expected --time with a length above 0 such as 90s, 10min or 2h, got {text!r}")
    return seconds


def share_of(text: str | None) -> float | None:
    """A share such as 5% or 0.05; raises `UsageError` for another form, and for none at all."""
    if text is None:
        return None
    number = real(text.strip().removesuffix("%"))
    share = (number / 100 if text.strip().endswith("%") else number) if isinstance(number, float) else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"expected --budget-share above 0 and at most 100%, such as 5%, got {text!r}")
    return share


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be typed behind `ptmbench recommend`."""
    add = parser.add_argument
    add("--task", metavar="DATA", help="your data: a reference such as imagefolder:photos, or a task's name")
    add("--model", action="append", default=[], metavar="MODEL", help="a candidate; default: all that are on this disk")
    add("--method", action="append", default=[], metavar="M", help="default: every method that chooses a value")
    add("--max-p95-ms", type=real, metavar="MS", help="latency of one input at most (p95, measured here)")
    add("--max-size-mib", type=real, metavar="MIB", help="size of the weights at most")
    add("--max-memory-mib", type=real, metavar="MIB", help="peak memory of inference at most")
    add("--max-train-min", type=real, metavar="MIN", help="minutes of full training at most, as forecast")
    add("--licence", metavar="NAMES", help="allowed licences, such as MIT,Apache-2.0")
    add("--budget-share", metavar="P%", help="the decision's cost at most, as a share of training everything in full")
    add("--time", metavar="T", help="the decision's cost at most: 90s, 10min, 2h")
    add("--within", type=real, default=1.0, metavar="POINTS", help="how much better another one may be (default: 1)")
    add("--confidence", type=real, default=0.95, metavar="P", help="of intervals and ties (default: 0.95)")
    add("--shortlist", type=whole, default=Plan().shortlist, metavar="N", help="models to rehearse (default: 3)")
    add("--from", dest="earlier", nargs="+", type=Path, default=[], metavar="DIR", help="earlier records of the models")
    add("--results", type=Path, metavar="DIR", help="default: ptmbench-results/recommend-TASK; goes on where it was")
    add("--json", action="store_true", help="print the decision as JSON, and nothing else, on stdout")
    add("--check", action="store_true", help="how right this procedure was on data sets that it had not seen")
    add("--skip-bad", action="store_true", help="leave out faulty examples of your data, and record it")
    add("--jobs", type=whole, metavar="N", help="run N cases at once (default: 1; rounds start new processes)")
