"""What can be typed: commands, options, help with examples."""

import argparse
from pathlib import Path

import ptmbench
from ptmbench.catalog.bounds import real, whole
from ptmbench.cli import (
    calibrating,
    checking,
    demo,
    doctor,
    examples,
    fetching,
    floors,
    gating,
    history,
    listing,
    overview,
    pretraining,
    profiling,
    reporting,
    running,
    showing,
)
from ptmbench.cli.command_line import CommandLine
from ptmbench.records.figures import figures_in
from ptmbench.report.gating import RENDERERS


def _command(commands: "argparse._SubParsersAction[CommandLine]", name: str, shown: str = "") -> CommandLine:
    return commands.add_parser(
        name,
        help=overview.SUMMARIES[name],
        description=overview.SUMMARIES[name],
        epilog=shown,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_machine_options(parser: CommandLine) -> None:
    parser.add_argument("--device", default="auto", metavar="D", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--precision", default="auto", metavar="P", help="auto (default), fp32 or bf16")
    parser.add_argument("--threads", type=whole, metavar="N", help="CPU threads (default: all cores)")


def make_parser() -> CommandLine:
    """The whole command line; each command stores its function as `command`."""
    parser = CommandLine(prog="ptmbench", description="How usable is a pre-trained model?", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"ptmbench {ptmbench.__version__}")
    parser.set_defaults(command=overview.show)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_demo(_command(commands, "demo", examples.DEMO))
    _add_list(_command(commands, "list", examples.LIST))
    _add_run(_command(commands, "run", examples.RUN))
    _add_report(_command(commands, "report", examples.REPORT))
    _add_show(_command(commands, "show", examples.SHOW))
    _add_history(_command(commands, "history", examples.HISTORY))
    _add_gate(_command(commands, "gate", examples.GATE))
    _add_calibrate(_command(commands, "calibrate", examples.CALIBRATE))
    _add_floors(_command(commands, "floors", examples.FLOORS))
    _add_profile(_command(commands, "profile", examples.PROFILE))
    pretrain = _command(commands, "pretrain", examples.PRETRAIN)
    pretrain.add_argument("names", nargs="+", metavar="NAME", help="a pre-trained model of `ptmbench list models`")
    pretrain.add_argument("--out", type=Path, default=Path("checkpoints"), metavar="DIR", help="default: checkpoints/")
    pretrain.set_defaults(command=pretraining.pretrain)
    _add_check(_command(commands, "check", examples.CHECK))
    _add_fetch(_command(commands, "fetch", examples.FETCH))
    _command(commands, "doctor").set_defaults(command=doctor.doctor)
    return parser


def _add_profile(parser: CommandLine) -> None:
    parser.add_argument("model", metavar="MODEL", help="a name of `ptmbench list models`, or a reference")
    parser.add_argument("--batch-size", type=whole, default=1, metavar="N", help="inputs a forward pass (default: 1)")
    parser.add_argument(
        "--sequence-length", type=whole, metavar="N", help="tokens of a text (default: as many as the model takes)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_machine_options(parser)
    parser.set_defaults(command=profiling.profile)


def _add_fetch(parser: CommandLine) -> None:
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
    parser.add_argument("case", metavar="CASE", help="the id of a case that has run")
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: the newest under ptmbench-results/")
    parser.add_argument("--task", metavar="DATA", help="where its data lie (default: as the record says, from here)")
    parser.add_argument("-n", dest="pictures", type=whole, default=8, metavar="N", help="test pictures (default: 8)")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="default: CASE.png")
    parser.set_defaults(command=showing.show)


def _add_history(parser: CommandLine) -> None:
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
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k")
    parser.add_argument("--runs", type=whole, default=5, metavar="N", help="launches (default: 5)")
    parser.add_argument("--budget", default="quick", metavar="B", help="smoke, quick (default) or standard")
    parser.add_argument("--results", type=Path, metavar="DIR", help="keep the launches here, and go on from them")
    parser.add_argument(
        "-o", dest="output", type=Path, default=gating.DEFAULT_RULES, metavar="FILE", help="default: gate.toml"
    )
    parser.set_defaults(command=calibrating.calibrate)


def _add_check(parser: CommandLine) -> None:
    parser.add_argument("data", metavar="DATA", help="a file of UTF-8 text, or a data reference such as voc:DIR")
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
    parser.add_argument("what", choices=["models", "tasks", "methods", "cases"])
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k (cases only)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=listing.list_entries)


def _add_demo(parser: CommandLine) -> None:
    parser.add_argument("--results", type=Path, metavar="DIR", help="keep the records here (default: nowhere)")
    parser.set_defaults(command=demo.demo)


def _add_run(parser: CommandLine) -> None:
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k")
    several = "may be given several times"
    parser.add_argument("--model", action="append", default=[], metavar="MODEL", help=f"name or reference; {several}")
    parser.add_argument("--task", action="append", default=[], metavar="DATA", help=f"name or reference; {several}")
    parser.add_argument("--method", action="append", default=[], metavar="M", help="may be given several times")
    parser.add_argument(
        "--variant", action="append", default=[], metavar="V", help=f"full (default) or half; {several}"
    )
    parser.add_argument("--budget", default="quick", metavar="B", help="smoke, quick (default) or standard")
    parser.add_argument("--seeds", type=whole, metavar="N", help="seeds for every case (default: the budget's)")
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: one under ptmbench-results/")
    parser.add_argument("--resume", action="store_true", help="keep finished records, run what is missing or stale")
    parser.add_argument("--timeout", type=real, metavar="SECONDS", help="stop a case after this many seconds")
    parser.add_argument("--skip-bad", action="store_true", help="leave out faulty examples of your data, and record it")
    parser.add_argument(
        "--corruptions", action="store_true", help="score corrupted test examples too: noise, typos, ..."
    )
    parser.add_argument("--floors", type=Path, metavar="FILE", help="assert the accuracy floors of this file")
    parser.add_argument(
        "--jobs", type=whole, default=1, metavar="N", help="run N cases at once, without timing them (default: 1)"
    )
    _add_machine_options(parser)
    parser.set_defaults(command=running.run_cases)


def _add_report(parser: CommandLine) -> None:
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
