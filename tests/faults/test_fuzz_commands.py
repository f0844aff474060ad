"""Odd command lines: each ends with an exit code that is told, and never with a fault of ptmbench."""

import argparse
import contextlib
import importlib
import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from mutations import Trials, rng_of

from ptmbench.cli import main
from ptmbench.cli.parser import make_parser
from ptmbench.errors import UsageError
from sites import QUICK

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
CASE = "resnet_tiny.glyphs-digits_5shot-knn"
TABLE = "csv:file?text=text&label=label"
SOUND = {  # what each command does something with
    "list": [["models"], ["cases", "-k", "vgg_tiny"], ["tasks", "--json"]],
    "run": [["--model", "pixels", "--task", "digits_5shot"], ["--model", "tfidf", "--task", TABLE]],
    "recommend": [["--task", TABLE, "--model", "tfidf", "--method", "knn"]],
    "show": [[CASE, "--results", "results"]],
    "history": [["results", "results"]],
    "gate": [["results", "results"], ["results", "results", "--format", "json"]],
    "calibrate": [["-o", "gate.toml"]],
    "floors": [["--from", "results"]],
    "check": [["file"], [TABLE], ["csv:file?text=text&label=label&shots=1"]],
    "fetch": [["--model", "torchvision:resnet18"], ["-k", "resnet18"]],
    "profile": [["pixels"], ["tfidf"], ["resnet_tiny.glyphs", "--json"]],
}
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
    """A command that would do, but for odd values of one or two of its options; in one of three all else is odd too."""
    options, positionals = parts(name)
    line = [name]
    if rng.random() < 0.65:
        line += rng.choice(SOUND[name])
        options = rng.sample(options, rng.randint(1, 2))
    else:
        for action in positionals:
            line += [rng.choice(action.choices) if action.choices and rng.random() < 0.8 else rng.choice(ODD)]
            line += [rng.choice(ODD)] if action.nargs in {"*", "+"} and rng.random() < 0.5 else []
        options = rng.sample(options, rng.randint(0, min(4, len(options))))
    for action in options:
        line.append(rng.choice(action.option_strings))
        if action.nargs != 0:
            line.append(rng.choice(ODD))
    return [*line, "-k", NOTHING] if name in RUNS else line


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a file, a folder and a pipe, where the commands run; nothing there needs the network."""
    found = tmp_path / "inner" / "here"
    (found / "folder").mkdir(parents=True)
    rows = [f"word{number} x,{number % 2}" for number in range(20)]
    (found / "file").write_text("\n".join(["text,label", *rows, ""]))
    os.mkfifo(found / "pipe")
    (found / "results" / "outcomes").mkdir(parents=True)
    for name in ("_folder.json", f"{CASE}.json", f"outcomes/{CASE}.npz"):
        shutil.copy(QUICK / name, found / "results" / name)
    monkeypatch.chdir(found)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    importlib.import_module("ptmbench.engine.workbench")  # imports take longer than the limit on a busy machine
    return found


@pytest.mark.parametrize("name", SOUND)
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
    assert all(Path(device).is_char_device() for device in ("/dev/null", "/dev/zero"))  # root could replace them
