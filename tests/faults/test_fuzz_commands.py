"""Odd command lines: each ends with an exit code that is told, and never with a fault of ptmbench."""

import argparse
import contextlib
import importlib
import os
from functools import partial

import pytest
from mutations import Trials, rng_of

from ptmbench.cli import main
from ptmbench.cli.parser import make_parser
from ptmbench.errors import UsageError

pytestmark = pytest.mark.slow

WORDS = """
nan inf -inf -1 0 1e400 1.5 and ( not * [ - -- --help -k @file __import__('os')
/dev/zero /dev/null pipe folder file folder/none nowhere/at/all ../out ~nobody/x
hf: file: file:folder file:pipe csv:file csv:/dev/zero conll:folder coco:file voc:folder hf:../.. a:b:c?d
imagefolder:folder masks:folder textfolder:pipe hf:folder?x=1&x=2 csv:file?encoding=none
sklearn:iris sklearn:x torchvision:x timm:x csv:file?text=a&label=b&delimiter= digits
"""
ODD = (
    *("", " ", "\0", "\udcff", "\x1b[2J", "\n", "\u202e", "9" * 5_000, "x" * 5_000, "a or (b", "lambda: 0"),
    *WORDS.split(),
)
NOTHING = "no such case"  # for -k of whatever would run models
RUNS = {"run", "calibrate"}
LEFT_OUT = {"demo", "pretrain", "doctor"}  # they run models or look at the machine, and take next to nothing
NEVER = {"--against", "--mlflow"}  # they start processes and servers


def parts(name):
    """The optional and the positional arguments of a command."""
    commands = next(action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
    actions = commands.choices[name]._actions
    options = [action for action in actions if action.option_strings and not NEVER & {*action.option_strings}]
    return options, [action for action in actions if not action.option_strings]


def command_line(name, rng):
    """A command with odd values of some of its options."""
    options, positionals = parts(name)
    line = [name]
    for action in positionals:
        line += [rng.choice(action.choices) if action.choices and rng.random() < 0.8 else rng.choice(ODD)]
        line += [rng.choice(ODD)] if action.nargs in {"*", "+"} and rng.random() < 0.5 else []
    for action in rng.sample(options, rng.randint(0, min(4, len(options)))):
        line.append(rng.choice(action.option_strings))
        if action.nargs != 0:
            line.append(rng.choice(ODD))
    return [*line, "-k", NOTHING] if name in RUNS else line


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a file, a folder and a pipe, where the commands run; nothing there needs the network."""
    found = tmp_path / "inner" / "here"
    (found / "folder").mkdir(parents=True)
    (found / "file").write_text("text,label\na,1\nb,0\n")
    os.mkfifo(found / "pipe")
    monkeypatch.chdir(found)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    importlib.import_module("ptmbench.engine.workbench")  # imports take longer than the limit on a busy machine
    return found


@pytest.mark.parametrize(
    "name", ["list", "run", "report", "show", "history", "gate", "calibrate", "floors", "check", "fetch"]
)
def test_odd_command_lines_end_well(place, capsys, name):
    """Whatever is typed, the exit code is 0, 1, 2 or 130, nobody sees a traceback, and nothing is written elsewhere."""

    def told(error):
        raise error

    def ends(line):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ptmbench.cli.report_fault", told)
            code = 2
            with contextlib.suppress(SystemExit):  # argparse's own way to say what it does not understand
                code = main(line)
        said = capsys.readouterr()
        assert code in {0, 1, 2, 130}, code
        assert "Traceback" not in said.out + said.err
        if code == 2:
            raise UsageError(said.err or "usage")  # counted as refused

    trials = Trials(f"commands: {name}", 10)
    for seed in trials.seeds:
        line = command_line(name, rng_of(f"commands: {name}", seed))
        told_before = len(trials.broken)
        trials.tried(seed, partial(ends, line), place)
        trials.broken[told_before:] = [
            f"{fault}; {[part[:60] for part in line]}" for fault in trials.broken[told_before:]
        ]
    capsys.readouterr()
    with capsys.disabled():
        trials.held()
