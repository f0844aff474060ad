"""Tests of the command line, in processes of their own."""

import json
import signal
import time

import pytest

from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.cases import product
from ptmbench.catalog.selection import select
from ptmbench.cli import main

SMOKE = ("--budget", "smoke", "--device", "cpu", "--results", "out")


@pytest.mark.parametrize("what", ["models", "tasks", "methods", "cases"])
def test_lists_as_json(capsys, what):
    """Each list is there as JSON."""
    assert main(["list", what, "--json"]) == 0

    assert json.loads(capsys.readouterr().out)


def test_lists_cases_by_expression(capsys):
    """`list cases -k` prints one id a line."""
    main(["list", "cases", "-k", "vgg_tiny and digits_full and knn"])

    assert ["vgg_tiny.glyphs-digits_full-knn", "vgg_tiny.random-digits_full-knn"] == capsys.readouterr().out.split()


def test_runs_and_reports(cli, tmp_path):
    """`run` writes records, prints a line a case and the table; `report` renders the same in four formats."""
    ran = cli("run", "-k", "pixels and digits_1shot", *SMOKE)

    assert ran.returncode == 0, ran.stderr
    assert "[2/2] pixels-digits_1shot-knn  top1_accuracy" in ran.stdout
    assert "digits_1shot (smoke, cpu, fp32)" in ran.stdout
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == [
        "_folder.json",
        "pixels-digits_1shot-knn.json",
        "pixels-digits_1shot-linear_probe.json",
    ]
    assert "| pixels" in cli("report", "out", "--format", "markdown").stdout
    assert "digits_1shot,smoke,cpu,fp32" in cli("report", "out", "--format", "csv").stdout
    assert len(json.loads(cli("report", "out", "--format", "json").stdout)["tables"]) == 1
    assert cli("report", "out", "-o", "table.txt").stdout == ""
    assert "pixels" in (tmp_path / "table.txt").read_text()


def test_a_missed_floor_is_exit_code_1(cli, tmp_path):
    """`run --floors` ends with 1 and names value, floor and case on stderr."""
    case = "pixels-digits_1shot-knn"
    (tmp_path / "floors.toml").write_text(f'[quick]\n"{case}" = {{ floor = 0.99, tells = false }}\n')

    ran = cli(
        "run", "-k", "pixels and digits_1shot and knn", "--device", "cpu", "--results", "out", "--floors", "floors.toml"
    )

    assert ran.returncode == 1
    assert f"{case} reached top1_accuracy 0." in ran.stderr
    assert "below its floor of 0.9900" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--model", "resnet_tiny.glyps"], "did you mean resnet_tiny.glyphs"),
        (["run", "--task", "digits"], "no task is called 'digits'"),
        (["run", "--method", "finetune"], "did you mean fine_tune"),
        (["run", "--seeds", "0"], "expected 1 to 1,000 seeds, got 0"),
        (["run", "--budget", "standrad"], "did you mean standard"),
        (["run", "--model", "pixels", "--method", "fine_tune"], "no case is left by these options"),
        (["run", "-k", "nothing_like_this"], "no case is left by these options"),
        (["run", "-k", "resnet and"], "cannot be read"),
        (["run", "--budget", "smoke", "--floors", "x.toml"], "the floors file x.toml cannot be read"),
        (["list", "models", "-k", "resnet"], "-k selects cases"),
        (["report", "nowhere"], "nowhere is not a folder"),
        (["profile", "resnet_tny.glyphs"], "did you mean resnet_tiny.glyphs"),
        (["profile", "torchvision:resnet19"], "did you mean resnet1"),
        (
            ["profile", "huggingface:bert"],
            "no model scheme is called 'huggingface': there are deeplabv3, fasterrcnn, fcn, file, hf, keras",
        ),
        (["run", "--jobs", "0", "--seeds", "0"], "expected 1 to 1,000 seeds, got 0; expected 1 to 256 jobs, got 0"),
        (["profile", "pixels", "--batch-size", "0"], "expected 1 to 65,536 inputs a batch, got 0"),
        (["pretrain", "resnet_tiny.random"], "no pre-trained model is called 'resnet_tiny.random'"),
    ],
)
def test_what_cannot_be_met_is_one_message_and_exit_code_2(capsys, monkeypatch, tmp_path, arguments, message):
    """A fault of the user's is one message on stderr, without a traceback, and exit code 2."""
    monkeypatch.chdir(tmp_path)

    assert main(arguments) == 2

    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("ptmbench: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", [["rnu"], ["run", "--bugdet", "quick"], ["list"], ["list", "people"]])
def test_usage_is_exit_code_2(arguments):
    """What argparse cannot read is exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2


@pytest.mark.parametrize("command", [[], ["run"], ["list"], ["report"], ["profile"], ["pretrain"]])
def test_help_has_examples(capsys, command):
    """Every command explains itself, and those with options by example."""
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])

    assert caught.value.code == 0
    assert "usage: ptmbench" in capsys.readouterr().out


def test_floors_contradict_a_budget_without_floors(capsys, tmp_path):
    """The smoke budget asserts no floors, so --floors with it is a contradiction."""
    (tmp_path / "floors.toml").write_text("")

    assert main(["run", "--budget", "smoke", "--floors", str(tmp_path / "floors.toml")]) == 2
    assert "contradict each other" in capsys.readouterr().err


def test_profile_prints_costs(capsys):
    """`profile` gives operations, size, latency and memory of a model, missing values as null with a reason."""
    assert main(["profile", "resnet_tiny.glyphs", "--device", "cpu", "--json"]) == 0

    profile = json.loads(capsys.readouterr().out)
    assert profile["parameters"] == 307_536
    assert profile["flops"] == 2 * profile["macs"]
    assert profile["latency_p50_s"] > 0
    assert profile["inference_bytes"] > 4 * profile["parameters"]


def test_profile_takes_torchvision_names(capsys):
    """`profile torchvision:NAME` builds the network with random weights."""
    assert main(["profile", "torchvision:squeezenet1_1", "--device", "cpu", "--batch-size", "2"]) == 0

    assert "1,235,496" in capsys.readouterr().out


def test_doctor_finds_everything(capsys):
    """`doctor` names versions, device and checkpoints, and ends with 0 where nothing is broken."""
    assert main(["doctor"]) == 0

    said = capsys.readouterr().out
    assert "torch" in said
    assert f"{len(PRETRAINING)}, sha256 as on their cards" in said


def test_interrupted_run_ends_with_130(cli, forge, tmp_path):
    """Ctrl-C ends `run` with 130; finished records are kept and --resume completes the rest."""
    chosen = "digits_1shot and (resnet_tiny.waves or pixels)"
    process = forge.start("-m", "ptmbench", "run", "-k", chosen, *SMOKE, cwd=tmp_path)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("out/*-*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "finished records are kept" in said
    assert "Traceback" not in said
    assert 2 <= len(list(tmp_path.glob("out/*-*.json"))) < len(select(product(), chosen))
    resumed = cli("run", "-k", chosen, *SMOKE, "--resume")
    assert resumed.returncode == 0
    assert len(list(tmp_path.glob("out/*-*.json"))) == len(select(product(), chosen))


def test_a_corrupt_record_is_named_and_the_rest_rendered(cli, tmp_path):
    """A report over a folder with a corrupt record warns, renders the others and leaves the file alone."""
    cli("run", "-k", "pixels and digits_1shot and knn", *SMOKE)
    bad = tmp_path / "out" / "vgg_tiny.glyphs-digits_1shot-knn.json"
    bad.write_text('{"schema_version": 1')

    reported = cli("report", "out")

    assert reported.returncode == 0
    assert "vgg_tiny.glyphs-digits_1shot-knn.json is not a ptmbench record" in reported.stderr
    assert "pixels" in reported.stdout
    assert bad.read_text() == '{"schema_version": 1'


def test_check_lists_what_is_wrong_with_a_file(cli, tmp_path):
    """Faults are named with file and line, all at once, without a traceback; the exit code is 2."""
    (tmp_path / "bad.conll").write_text("anna\tB-PER\nmet\nbob\tI-LOC\n\nrome\tX\n")

    finished = cli("check", "bad.conll")

    assert 2 == finished.returncode
    assert "Traceback" not in finished.stderr
    for fault in ("line 2", "line 3", "line 5"):
        assert fault in finished.stderr


def test_check_repairs_tags_only_on_request(cli, tmp_path):
    """Invalid BIO is an error; with --repair it is mended, counted and written."""
    (tmp_path / "open.conll").write_text("anna\tI-PER\nsmith\tI-PER\nslept\tO\nwell\tB-X\n")

    assert 2 == cli("check", "open.conll").returncode
    repaired = cli("check", "open.conll", "--repair", "-o", "new.conll")

    assert 0 == repaired.returncode, repaired.stderr
    assert "1 sentences, 4 words, entities: PER 1, X 1" in repaired.stdout
    assert "1 tags repaired" in repaired.stdout
    assert "anna\tB-PER\nsmith\tI-PER\nslept\tO\nwell\tB-X\n\n" == (tmp_path / "new.conll").read_text()


def test_check_says_that_tags_are_iob1(tmp_path, capsys):
    """A file that opens entities with I-TYPE throughout is valid, and how it is read is said."""
    (tmp_path / "old.conll").write_text("anna\tI-PER\nsmith\tI-PER\nslept\tO\n")

    assert 0 == main(["check", str(tmp_path / "old.conll")])
    assert "IOB1: 1 I-TYPE that open an entity are read as B-TYPE" in capsys.readouterr().out


def test_check_counts_the_labels_of_texts(cli, tmp_path):
    """A file of texts and labels is summed up; asking to repair its tags is a contradiction."""
    (tmp_path / "reviews.tsv").write_text("a good one\tpos\nnot good\tneg\nfine\tpos\n")

    assert "3 texts, labels: neg 1, pos 2" in cli("check", "reviews.tsv").stdout
    refused = cli("check", "reviews.tsv", "--repair")
    assert (2, True) == (refused.returncode, "--form tagged" in refused.stderr)
    assert "nowhere.tsv" in cli("check", "nowhere.tsv").stderr
