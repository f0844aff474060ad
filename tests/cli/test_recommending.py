"""Tests of `ptmbench recommend` as it is typed."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from ptmbench.cli import main, recommending
from ptmbench.cli.parser import make_parser
from ptmbench.cli.recommending import earlier_records, question_of, seconds_of, share_of
from ptmbench.errors import UsageError
from ptmbench.records.decision import Decision

TWO = ["--model", "resnet_tiny.glyphs", "--model", "vae_tiny.glyphs"]
FROZEN = ["--method", "linear_probe", "--method", "knn"]
HERE = ["--device", "cpu", "--threads", "1", "--results", "out"]


def question(*typed):
    """The question of a command line."""
    return question_of(make_parser().parse_args(["recommend", *typed]))


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A folder in which a decision was made, with what was printed as JSON."""
    import contextlib
    import io

    folder = tmp_path_factory.mktemp("decided")
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        assert 0 == main(["recommend", "--task", "digits_1shot", *TWO, *FROZEN, *HERE, "--json"])
    return folder, out.getvalue()


def test_json_is_alone_on_stdout(decided):
    """What a program reads is the decision and nothing else; every field that was promised is there."""
    found = json.loads(decided[1])

    assert Decision.model_validate(found)
    assert {"pick", "tied", "rejected", "static_pick", "cost", "chance_of_better"} <= set(found)
    assert {"model", "method", "variant", "quality", "interval"} <= set(found["pick"])
    assert {"seconds", "share"} <= set(found["cost"])


@pytest.mark.parametrize("style", ["text", "markdown"])
def test_report_begins_with_the_decision(decided, capsys, monkeypatch, style):
    """The folder of a decision is reported as what was decided, and then its records."""
    monkeypatch.chdir(decided[0])

    assert 0 == main(["report", "out", "--format", style])
    out = capsys.readouterr().out

    assert "digits_1shot: take resnet_tiny.glyphs" in out[:200]
    assert "scored on the validation part" in out.lower()


def test_the_site_shows_the_decision(decided, capsys, monkeypatch):
    """A page of its own says what was decided, and every page leads to it."""
    pytest.importorskip("plotly")
    monkeypatch.chdir(decided[0])

    assert 0 == main(["report", "out", "--format", "html", "-o", "site"])
    page = (decided[0] / "site" / "recommendation.html").read_text()

    assert "Take <strong>resnet_tiny.glyphs</strong>" in page
    assert 'href="recommendation.html"' in (decided[0] / "site" / "index.html").read_text()


def test_the_terminal_says_it_in_words(decided, capsys, monkeypatch):
    """The same command goes on from its records, and prints the pick first and where everything lies."""
    monkeypatch.chdir(decided[0])

    assert 0 == main(["recommend", "--task", "digits_1shot", *TWO, *FROZEN, *HERE])
    out = capsys.readouterr().out

    assert "digits_1shot: take resnet_tiny.glyphs" in out
    assert "render them: ptmbench report out" in out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([], "expected the data to decide for: --task"),
        (["--task", "digits_full", "--model", "resnet_tiny.glyhps"], "did you mean resnet_tiny.glyphs"),
        (["--task", "digits_full", "--time", "0s"], "expected --time with a length above 0"),
        (["--task", "digits_full", "--time", "soon"], "expected --time with a length above 0"),
        (["--task", "digits_full", "--budget-share", "0"], "expected --budget-share above 0"),
        (["--task", "digits_full", "--budget-share", "120%"], "expected --budget-share above 0"),
        (["--task", "digits_full", "--time", "1min", "--budget-share", "5%"], "give one of them"),
        (["--task", "digits_full", "--licence", "MITT"], "no model has the licence 'mitt': did you mean mit?"),
        (["--task", "digits_full", "--licence", ","], "expected --licence with names"),
        (["--task", "digits_full", "--max-size-mib", "-1"], "expected a size above 0 MiB at most"),
        (["--task", "digits_full", "--max-p95-ms", "fast"], "expected --max-p95-ms with a number, got 'fast'"),
        (["--task", "digits_full", "--within", "-1"], "expected points of the metric from 0 to below 100"),
        (["--task", "digits_full", "--confidence", "2"], "expected a confidence from 0.5 to below 1"),
        (["--task", "digits_full", "--shortlist", "0"], "expected a short list of 1 to 1,000 models"),
    ],
)
def test_what_cannot_be_asked_is_told(typed, said):
    """Each fault of a command line has one message that says what was expected."""
    with pytest.raises(UsageError) as error:
        question(*typed)

    assert said in str(error.value)


def test_all_faults_come_at_once():
    """Nobody corrects a command line four times."""
    with pytest.raises(UsageError) as error:
        question("--task", "digts_full", "--method", "probe", "--time", "x", "--licence", "foo")

    for part in ("digts_full", "probe", "--time", "foo"):
        assert part in str(error.value)


def test_without_models_all_of_the_kind_are_candidates():
    """Of pictures the eight embedded models, of texts the three; none of them a control, and no detector."""
    pictures, texts = question("--task", "digits_full").models, question("--task", "topic_full").models

    assert 8 == len([model for model in pictures if model.embedded])
    assert 3 == len([model for model in texts if model.embedded])
    assert all(model.pretrained for model in (*pictures, *texts))


def test_a_control_that_is_named_is_a_candidate():
    """Whoever names tf-idf or histograms may be told to take them; random weights are never recommended."""
    found = question("--task", "digits_full", "--model", "hog_colour", "--model", "resnet_tiny.random")

    assert ["hog_colour"] == [model.name for model in found.models]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("10min", 600.0), ("1.5h", 5400.0), (None, None)])
def test_lengths_of_time(text, seconds):
    """Seconds, minutes and hours, as people write them."""
    assert seconds == seconds_of(text)


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), ("0.05", 0.05), ("100%", 1.0), (None, None)])
def test_shares(text, share):
    """Per cent or a fraction."""
    assert share == share_of(text)


def test_limits_are_in_si_units():
    """Options speak of ms, MiB and minutes; what is compared is in seconds and bytes."""
    limits = question(
        *("--task", "digits_full", "--max-p95-ms", "20", "--max-size-mib", "2"),
        *("--max-memory-mib", "8", "--max-train-min", "3", "--licence", "MIT, Apache-2.0"),
    ).demands.limits

    assert (0.02, 2 * 2**20, 8 * 2**20, 180.0) == (
        limits.latency_p95_s, limits.size_bytes, limits.inference_bytes, limits.train_s,
    )  # fmt: skip
    assert ("mit", "apache-2.0") == limits.licences


@pytest.mark.parametrize("same", [True, False])
def test_times_of_another_machine_are_not_used_and_that_is_said(monkeypatch, same):
    """Earlier records rank models whatever machine made them; what they say of speed is for theirs alone."""
    folder = Path(__file__).parents[2] / "results" / "robust" / "quick-cpu-fp32"
    [first, *_] = earlier_records([folder], lambda _line: None)
    mark = first.provenance.machine.fingerprint if same else "elsewhere"
    monkeypatch.setattr(recommending, "machine", lambda *_: SimpleNamespace(fingerprint=mark))
    said = []

    assert earlier_records([folder], said.append)
    assert same != any("another machine" in line for line in said)
