"""Tests of what is said of a command line that cannot be understood."""

import pytest

from ptmbench.cli import main

LONG = "x" * 5000
NUMBER = "9" * 5000
PHRASE = "two words " * 500
COMMANDS = [
    ["run", "--seeds"],
    ["run", "--threads"],
    ["run", "--jobs"],
    ["run", "--timeout"],
    ["run", "--device"],
    ["run", "--precision"],
    ["run", "--budget"],
    ["run", "--model"],
    ["run", "--task"],
    ["run", "--method"],
    ["run", "--variant"],
    ["run", "--floors"],
    ["run", "-k", "resnet and ("],
    ["profile", "pixels", "--batch-size"],
    ["profile", "pixels", "--threads"],
    ["show", "a-b-c", "-n"],
    ["show"],
    ["gate", "--against", "HEAD", "--launches"],
    ["gate", "--against"],
    ["gate", "a", "b", "--format"],
    ["gate", "a", "b", "--config"],
    ["calibrate", "--runs"],
    ["calibrate", "--budget"],
    ["floors", "--from", "nowhere", "--deviations"],
    ["history", "nowhere", "--metric"],
    ["report"],
    ["check"],
    ["check", "csv:x", "--form"],
    ["fetch", "-k"],
    ["fetch", "--offline", "--model"],
    ["list"],
    ["pretrain"],
    ["nothing"],
    ["doctor", "--none"],
]


@pytest.mark.parametrize("text", [NUMBER, LONG, PHRASE, f"-{LONG}"], ids=["number", "word", "phrase", "option"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_long_text_is_not_repeated(capsys, monkeypatch, tmp_path, command, text):
    """Five thousand letters in any option end in a message that a terminal can hold, and exit code 2."""
    monkeypatch.chdir(tmp_path)
    try:
        code = main([*command, text])
    except SystemExit as ended:
        code = ended.code

    said = capsys.readouterr().err
    assert 2 == code
    assert text[50:600] not in said
    assert len(said) < 3000


def test_all_faults_are_told_at_once(capsys):
    """Numbers, names and an expression that cannot be read stand in one message."""
    options = "--seeds x --threads 0 --jobs 9999 --timeout nan --device gpu --budget quik --model pixls --method kn"
    code = main(["run", *options.split(), "--task", "x", "--variant", "haf", "-k", "("])

    said = capsys.readouterr().err
    wanted = [
        "seeds, got 'x'",
        "threads, got 0",
        "jobs, got 9999",
        "got nan",
        "'gpu'",
        "'quik'",
        "'pixls'",
        "'x'",
        "'kn'",
    ]
    assert [2, []] == [code, [word for word in [*wanted, "'haf'", "-k '('"] if word not in said]]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["profile", "pixls", "--batch-size", "0", "--threads", "0"], ["inputs a batch", "threads", "'pixls'"]),
        (
            ["gate", "--against", "x", "--launches", "0", "--budget", "x", "-k", "("],
            ["launches a side", "'x'", "-k '('"],
        ),
        (["calibrate", "--runs", "1", "--budget", "x", "-k", "("], ["2 to 1,000 launches", "'x'", "-k '('"]),
    ],
)
def test_other_commands_tell_all_faults_too(capsys, command, wanted):
    """Each option of a command is looked at before it gives up."""
    assert 2 == main(command)

    said = capsys.readouterr().err
    assert [] == [word for word in wanted if word not in said]


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\n::error::x", "##[command]x", "\u202eabc"])
def test_what_argparse_repeats_steers_nothing(capsys, text):
    """An argument that nobody asked for is shown without what a terminal or a CI job would obey."""
    with pytest.raises(SystemExit):
        main(["doctor", text])

    said = capsys.readouterr().err
    assert "unrecognized arguments" in said
    assert not [line for line in said.split("\n") if not line.isprintable() or line.startswith("::") or "##[" in line]
