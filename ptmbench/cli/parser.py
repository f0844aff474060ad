"""What can be typed: commands, options, help with examples."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import ptmbench
from ptmbench.catalog.bounds import real, whole
from ptmbench.catalog.columns import COLUMNS_HELP
from ptmbench.catalog.settings import BUDGET_HELP, TUNE_ON_HELP
from ptmbench.cli import examples, overview
from ptmbench.cli.command_line import CommandLine


def _command(commands: "argparse._SubParsersAction[CommandLine]", name: str, shown: str = "") -> CommandLine:
    return commands.add_parser(
        name,
        help=overview.SUMMARIES[name],
        description=overview.SUMMARIES[name],
        epilog=shown,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_machine_options(parser: CommandLine, threads: str = "all cores") -> None:
    parser.add_argument("--device", default="auto", metavar="D", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--precision", default="auto", metavar="P", help="auto (default), fp32 or bf16")
    parser.add_argument("--threads", type=whole, metavar="N", help=f"CPU threads (default: {threads})")


def make_parser(typed: Sequence[str] | None = None) -> CommandLine:
    """The command line; each command stores its function as `command`.

    Of what was `typed` only the commands that stand there know their options: each brings imports of its own, and
    `ptmbench --help` needs none of them. Without it, all do.
    """
    parser = CommandLine(prog="ptmbench", description="How usable is a pre-trained model?", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"ptmbench {ptmbench.__version__}")
    parser.set_defaults(command=overview.show)
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, (shown, add) in COMMANDS.items():
        command = _command(commands, name, shown)
        if typed is None or name in typed:
            add(command)
    return parser


def _add_profile(parser: CommandLine) -> None:
    from ptmbench.cli import profiling

    parser.add_argument("model", metavar="MODEL", help="a name of `ptmbench list models`, or a reference")
    parser.add_argument("--batch-size", type=whole, default=1, metavar="N", help="inputs a forward pass (default: 1)")
    parser.add_argument(
        "--sequence-length", type=whole, metavar="N", help="tokens of a text (default: as many as the model takes)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_machine_options(parser)
    parser.set_defaults(command=profiling.profile)


def _add_fetch(parser: CommandLine) -> None:
    from ptmbench.cli import fetching

    several = "name or reference; may be given several times"
    parser.add_argument(
        "-k", dest="expression", default="", metavar="EXPR", help="names of the hub tier, as pytest's -k"
    )
    parser.add_argument("--model", action="append", default=[], metavar="MODEL", help=several)
    parser.add_argument("--task", action="append", default=[], metavar="DATA", help=several)
    parser.add_argument(
        "--trust-remote-code", action="store_true", help="let the code of torch.hub repositories run here"
    )
    parser.add_argument("--offline", action="store_true", help="use no network: say only what is on disk")
    parser.set_defaults(command=fetching.fetch)


def _add_show(parser: CommandLine) -> None:
    from ptmbench.cli import showing

    parser.add_argument("case", metavar="CASE", help="the id of a case that has run")
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: the newest under ptmbench-results/")
    parser.add_argument("--task", metavar="DATA", help="where its data lie (default: as the record says, from here)")
    parser.add_argument("-n", dest="pictures", type=whole, default=8, metavar="N", help="test pictures (default: 8)")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="default: CASE.png")
    parser.set_defaults(command=showing.show)


def _add_history(parser: CommandLine) -> None:
    from ptmbench.cli import history
    from ptmbench.records.figures import figures_in

    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="results folders, one a run, or folders that hold such"
    )
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k")
    metrics = ", ".join(figure.name for figure in figures_in("history"))
    parser.add_argument("--metric", default="quality", metavar="NAME", help=f"one of {metrics}")
    parser.add_argument("--all", action="store_true", help="list the cases without a step, too")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="write here instead of to the terminal")
    parser.set_defaults(command=history.history)


def _add_gate(parser: CommandLine) -> None:
    from ptmbench.cli import gating
    from ptmbench.report.gating import RENDERERS

    parser.add_argument(
        "sides",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="BASELINE and CURRENT: results folders, or folders of launches",
    )
    parser.add_argument("--against", metavar="REF", help="run a git revision, or another Python, and this one in turn")
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="what --against runs, as pytest's -k")
    parser.add_argument("--budget", default="quick", metavar="B", help="budget that --against runs at (default: quick)")
    parser.add_argument(
        "--launches", type=whole, default=15, metavar="N", help="launches a side for --against (default: 15)"
    )
    parser.add_argument("--results", type=Path, metavar="DIR", help="where --against keeps its records")
    parser.add_argument("--config", type=Path, metavar="FILE", help="rules (default: gate.toml where there is one)")
    parser.add_argument("--format", choices=list(RENDERERS), default="text")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="write here instead of to the terminal")
    parser.set_defaults(command=gating.gate)


def _add_floors(parser: CommandLine) -> None:
    from ptmbench.cli import floors

    parser.add_argument(
        "--from", dest="folders", nargs="+", type=Path, required=True, metavar="DIR", help="results folders"
    )
    parser.add_argument(
        "--deviations", type=real, default=3.0, metavar="K", help="standard deviations of one run (default: 3)"
    )
    parser.add_argument("--file", type=Path, default=floors.USUAL, metavar="FILE", help=f"default: {floors.USUAL}")
    parser.add_argument("--write", action="store_true", help="write the file; otherwise the changes are only shown")
    parser.set_defaults(command=floors.propose)


def _add_calibrate(parser: CommandLine) -> None:
    from ptmbench.cli import calibrating, gating

    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k")
    parser.add_argument("--runs", type=whole, default=5, metavar="N", help="launches (default: 5)")
    parser.add_argument("--budget", default="quick", metavar="B", help=BUDGET_HELP)
    parser.add_argument("--results", type=Path, metavar="DIR", help="keep the launches here, and go on from them")
    parser.add_argument(
        "-o", dest="output", type=Path, default=gating.DEFAULT_RULES, metavar="FILE", help="default: gate.toml"
    )
    parser.set_defaults(command=calibrating.calibrate)


def _add_check(parser: CommandLine) -> None:
    from ptmbench.cli import checking

    parser.add_argument(
        "data", nargs="?", metavar="DATA", help="a file of UTF-8 text, or a data reference such as voc:DIR"
    )
    parser.add_argument("--model", metavar="MODEL", help="say what a file or folder of weights holds, and load nothing")
    parser.add_argument(
        "--form",
        choices=["labelled", checking.TAGGED],
        help="labelled: a text, TAB and its label a line; tagged: a word and its BIO tag a line, a blank line between "
        "sentences (default: by the file's suffix, tagged for .conll, .bio, .iob)",
    )
    parser.add_argument("--repair", action="store_true", help="read an I-TYPE that continues nothing as B-TYPE")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="write the (repaired) tagged words here")
    parser.add_argument("--skip-bad", action="store_true", help="go on without faulty examples, and count them")
    parser.set_defaults(command=checking.check_data)


def _add_list(parser: CommandLine) -> None:
    from ptmbench.cli import listing

    parser.add_argument("what", choices=["models", "tasks", "methods", "cases"])
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k (cases only)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=listing.list_entries)


def _add_demo(parser: CommandLine) -> None:
    from ptmbench.cli import demo

    parser.add_argument("--results", type=Path, metavar="DIR", help="keep the records here (default: nowhere)")
    parser.set_defaults(command=demo.demo)


def _add_run(parser: CommandLine) -> None:
    from ptmbench.cli import running

    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k")
    several = "may be given several times"
    parser.add_argument("--model", action="append", default=[], metavar="MODEL", help=f"name or reference; {several}")
    parser.add_argument("--task", action="append", default=[], metavar="DATA", help=f"name or reference; {several}")
    parser.add_argument("--method", action="append", default=[], metavar="M", help="may be given several times")
    parser.add_argument(
        "--variant", action="append", default=[], metavar="V", help=f"full (default) or half; {several}"
    )
    parser.add_argument("--budget", default="quick", metavar="B", help=BUDGET_HELP)
    parser.add_argument("--seeds", type=whole, metavar="N", help="seeds for every case (default: the budget's)")
    parser.add_argument("--tune-on", default="draw", metavar="LABELS", help=TUNE_ON_HELP)
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: one under ptmbench-results/")
    parser.add_argument("--resume", action="store_true", help="keep finished records, run what is missing or stale")
    parser.add_argument("--timeout", type=real, metavar="SECONDS", help="stop a case after this many seconds")
    parser.add_argument("--skip-bad", action="store_true", help="leave out faulty examples of your data, and record it")
    parser.add_argument(
        "--corruptions", action="store_true", help="score corrupted test examples too: noise, typos, ..."
    )
    parser.add_argument("--columns", action="append", default=[], metavar="NAMES", help=COLUMNS_HELP)
    parser.add_argument("--floors", type=Path, metavar="FILE", help="assert the accuracy floors of this file")
    parser.add_argument(
        "--jobs", type=whole, metavar="N", help="run N cases at once (default: as many as pay off for embedded models)"
    )
    _add_machine_options(parser, "one for embedded models, else all cores")
    parser.set_defaults(command=running.run_cases)


def _add_recommend(parser: CommandLine) -> None:
    from ptmbench.cli import recommending

    recommending.add_options(parser)
    _add_machine_options(parser, "one for embedded models, else all cores")
    parser.set_defaults(command=recommending.recommend)


def _add_report(parser: CommandLine) -> None:
    from ptmbench.cli import reporting

    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="results folders")
    parser.add_argument("--format", choices=reporting.FORMATS, default="text")
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE", help="write here, not to the terminal; html: a folder"
    )
    parser.add_argument("--card", metavar="MODEL", help="one page about one model, in Markdown or html")
    parser.add_argument("--model-index", action="store_true", help="with --card: print model-card metadata instead")
    parser.add_argument(
        "--plot", action="store_true", help=f"the main pictures as PNG and SVG, into -o (default: {reporting.PLOTS}/)"
    )
    parser.add_argument(
        "--mlflow", metavar="URI", help="log every case as a run of an MLflow tracking server or folder"
    )
    parser.set_defaults(command=reporting.report)


def _add_pretrain(parser: CommandLine) -> None:
    from ptmbench.cli import pretraining

    parser.add_argument("names", nargs="+", metavar="NAME", help="a pre-trained model of `ptmbench list models`")
    parser.add_argument("--out", type=Path, default=Path("checkpoints"), metavar="DIR", help="default: checkpoints/")
    parser.set_defaults(command=pretraining.pretrain)


def _add_doctor(parser: CommandLine) -> None:
    from ptmbench.cli import doctor

    parser.add_argument("--clear-cache", action="store_true", help="delete the features that earlier runs have kept")
    parser.set_defaults(command=doctor.doctor)


COMMANDS: Final[dict[str, tuple[str, Callable[[CommandLine], None]]]] = {  # the examples of each, and its options
    "demo": (examples.DEMO, _add_demo),
    "list": (examples.LIST, _add_list),
    "run": (examples.RUN, _add_run),
    "recommend": (examples.RECOMMEND, _add_recommend),
    "report": (examples.REPORT, _add_report),
    "show": (examples.SHOW, _add_show),
    "history": (examples.HISTORY, _add_history),
    "gate": (examples.GATE, _add_gate),
    "calibrate": (examples.CALIBRATE, _add_calibrate),
    "floors": (examples.FLOORS, _add_floors),
    "profile": (examples.PROFILE, _add_profile),
    "pretrain": (examples.PRETRAIN, _add_pretrain),
    "check": (examples.CHECK, _add_check),
    "fetch": (examples.FETCH, _add_fetch),
    "doctor": ("", _add_doctor),
}
