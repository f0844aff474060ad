"""Mutated records, outcomes and settings: what can be read is shown, what cannot is named, nothing else happens."""

import hashlib
import importlib
import io
import json
import shutil
from functools import partial

import numpy as np
import pytest
from mutations import Trials, mutated, mutated_bytes, rng_of

from ptmbench.catalog.entries import entries_of
from ptmbench.cli import main
from ptmbench.gate.rules import load_rules
from ptmbench.records.marks import read_mark
from ptmbench.running.floors import load_floors
from sites import QUICK

pytestmark = pytest.mark.slow

CASES = (
    "resnet_tiny.glyphs-digits_5shot-knn",
    "resnet_tiny.random-digits_5shot-knn",
    "vgg_tiny.glyphs-digits_5shot-knn",
)
TYPES = ("U8", "i1", "f2", "?", "c8", "M8[s]")
ENDS = {0, 1, 2}


@pytest.fixture
def few(tmp_path):
    """A results folder with three committed records and their outcomes."""
    place = tmp_path / "inner" / "results"
    (place / "outcomes").mkdir(parents=True)
    for name in ("_folder.json", *(f"{case}.json" for case in CASES), *(f"outcomes/{case}.npz" for case in CASES)):
        shutil.copy(QUICK / name, place / name)
    shutil.copytree(place, place.with_name("before"))
    return place


@pytest.fixture
def command(monkeypatch, tmp_path, capsys):
    """Runs a command line; a fault of ptmbench comes out as what was raised."""

    def told(error):
        raise error

    def run(*arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ptmbench.cli.report_fault", told)
            code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert code in ENDS, said.err
        assert "Traceback" not in said.out + said.err

    importlib.import_module("ptmbench.engine.data")  # for `show`: imports take longer than the limit on a busy machine
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return run


def commands(few):
    """What people do with a results folder; the baseline of the gate is the committed one."""
    return [
        ["report", few],
        ["report", few, "--format", "markdown"],
        ["report", few, "--format", "csv"],
        ["report", few, "--format", "json"],
        ["report", few, "--format", "latex"],
        ["gate", few, few],
        ["gate", few.with_name("before"), few, "--format", "junit"],
        ["history", few],
        ["floors", "--from", few, "--file", few / "floors.toml"],
        ["show", CASES[0], "--results", few],
        ["report", few, "--card", "resnet_tiny.glyphs"],
    ]


@pytest.mark.parametrize("name", [f"{CASES[0]}.json", "_folder.json"])
def test_mutated_records_are_shown_or_named(few, command, name):
    """A report, a gate, a card end with what can be read, whatever one record holds."""
    content = (few / name).read_bytes()
    trials = Trials(f"records: {name}", 60 if name.startswith("r") else 12)
    for seed in trials.seeds:
        rng = rng_of(name, seed)
        (few / name).write_bytes(mutated(content, rng))
        arguments = rng.choice(commands(few))
        trials.tried(seed, partial(command, *arguments), few)
        (few / "floors.toml").unlink(missing_ok=True)
    trials.held()


def odd_arrays(arrays, rng):
    """The arrays with one of them gone, of another type or shape, or with values that are none."""
    found = dict(arrays)
    name = rng.choice(sorted(found))
    array = found[name]
    match rng.randrange(8):
        case 0:
            del found[name]
        case 1:
            found[name] = array[..., :0]
        case 2:
            found[name] = np.asarray(array.flat[: max(array.size // 2, 1)])
        case 3:
            found[name] = array.astype(rng.choice(TYPES)) if array.dtype.kind in "iuf?" else array[:1]
        case 4:
            found[name] = np.full(array.shape, rng.choice([np.nan, np.inf, -1, 2**31, 1e300]))
        case 5:
            found[name] = np.zeros((rng.choice([1, 2, 0]),) * rng.choice([0, 1, 2, 5]))
        case 6:
            found[f"{name} "] = found.pop(name)
        case 7:
            found[name] = np.stack([array] * 2)
    return found


def test_outcomes_that_match_their_digest_and_hold_nonsense_are_named(few, command):
    """Arrays of other names, types, shapes and values, and bytes that are no arrays."""
    content = (few / "outcomes" / f"{CASES[0]}.npz").read_bytes()
    with np.load(io.BytesIO(content)) as arrays:
        held = {name: arrays[name] for name in arrays.files}
    record = json.loads((few / f"{CASES[0]}.json").read_text())
    trials = Trials("outcomes", 60)
    for seed in trials.seeds:
        rng = rng_of("outcomes", seed)
        if rng.random() < 0.2:
            stored = mutated_bytes(content, rng)
        else:
            stream = io.BytesIO()
            with np.errstate(all="ignore"):
                np.savez(stream, **odd_arrays(held, rng))
            stored = stream.getvalue()
        (few / "outcomes" / f"{CASES[0]}.npz").write_bytes(stored)
        record["quality"]["outcomes"]["sha256"] = hashlib.sha256(stored).hexdigest()
        (few / f"{CASES[0]}.json").write_text(json.dumps(record))
        arguments = rng.choice(commands(few))
        trials.tried(seed, partial(command, *arguments), few)
        (few / "floors.toml").unlink(missing_ok=True)
    trials.held()


LISTS = b'models = ["hf:a/b"]\ntasks = ["csv:x.csv?text=a"]\n'
SETTINGS = {
    "gate.toml": (load_rules, b'[tolerance]\nquality = 0.01\n[noise."a-b-c"]\nlaunches = 3\nquality = 0.1\n'),
    "floors.toml": (load_floors, b'[tolerance]\nbf16 = 0.01\n[quick]\n"a-b-c" = {floor = 0.5, tells = "x"}\n'),
    "ptmbench.toml": (lambda file: entries_of((), (), file), LISTS),
    "mark": (read_mark, b'{"digest":"x","pid":1,"host":"h","start":1,"since":1.5,"beat":2.5}'),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_mutated_settings_are_read_or_refused(tmp_path, name):
    """Rules of the gate, floors, lists of models and data, marks of running cases."""
    read, content = SETTINGS[name]
    place = tmp_path / "inner" / "settings"
    place.mkdir(parents=True)
    trials = Trials(name, 20)
    for seed in trials.seeds:
        (place / name).write_bytes(mutated(content, rng_of(name, seed)))
        trials.tried(seed, lambda: read(place / name), place)
    trials.held()
