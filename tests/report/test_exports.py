"""Tests of what is written for other programs: nothing in a record becomes code, and figures stay figures."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ptmbench.errors import UsageError
from ptmbench.records.store import ResultsFolder
from ptmbench.report import escaping
from ptmbench.report.benchmarks import render_benchmarks, without_latency
from ptmbench.report.rendering import render
from sites import HOSTILE, QUICK, changed, gone, write
from strategies import records

RECORD = ResultsFolder(QUICK).read("vgg_tiny.glyphs-digits_5shot-fine_tune")
EVIL = [
    HOSTILE,
    r"\input{/etc/passwd} $x$ 100% a_b {~^#&",
    '=HYPERLINK("http://x")',
    "@SUM(1)",
    "+1|2",
    "-2+3",
    "[x](javascript:alert(1)) ![y](z) | **b** `c`\n# heading\n- item",
    "../../etc/passwd",
    "\x1b[2J\x1b]0;title\x07",
]


@pytest.mark.parametrize("name", EVIL)
def test_markdown_shows_a_hostile_name_as_it_is(name):
    """Read by a Markdown parser, the page has no element but tables, lists and headings of ours."""
    page = render([changed(RECORD, name=name)], "markdown")

    html = MarkdownIt("commonmark").enable("table").render(page)
    tags = set(re.findall(r"<(\w+)", html))

    assert tags <= {"h2", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "p", "strong", "em"}
    assert 1 == html.count("<h2>")
    assert 2 == html.count("<tr>")


@given(st.text())
def test_a_markdown_text_stays_one_text(text):
    """Whatever it is, an escaped text is one paragraph of the same words."""
    html = MarkdownIt("commonmark").enable("table").render(f"x {escaping.markdown(text)} x")

    assert html.startswith("<p>x ")
    assert set(re.findall(r"<(\w+)", html)) == {"p"}


@pytest.mark.parametrize("name", EVIL)
def test_a_spreadsheet_runs_nothing(name):
    """No cell of text begins as a formula does; negative figures stay figures."""
    hurt = RECORD.gain.model_copy(update={"value": -0.25, "interval95": (-0.5, -0.1)})
    record = changed(RECORD, name=name).model_copy(update={"gain": hurt})

    (line,) = csv.DictReader(io.StringIO(render([record], "csv"), newline=""))

    kept = name.replace("\x1b", "").replace("\x07", "")
    assert kept in (line["model"], line["model"][1:])
    assert not line["model"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert -0.25 == float(line["gain"])


@given(st.text())
def test_latex_has_no_command_from_a_text(text):
    """An escaped text holds none of LaTeX's special letters but in the commands that stand for them."""
    left = re.sub(r"\\(text\w+\{\}|[&%$#_{}])", "", escaping.latex(text))

    assert not set(left) & set("\\{}$&#%^_~\n")


@pytest.mark.skipif(
    not shutil.which("pdflatex"), reason="no pdflatex on this machine: apt-get install texlive-latex-base"
)
@pytest.mark.parametrize("name", [*EVIL[:2], "resnet_tiny.glyphs"])
def test_latex_sets(tmp_path, name):
    """The tables are valid LaTeX whatever a model is called, an unfinished case included."""
    found = [changed(RECORD, name=name), gone(changed(RECORD, name="b"), "failed", name)]
    body = render(found, "latex").encode("ascii", "replace").decode()
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\begin{document}"
    (tmp_path / "page.tex").write_text(f"{head}\n{body}\\end{{document}}\n")

    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout[-2000:]


def test_latex_holds_the_figures():
    """Each family has its heading, each row its figures, the best in bold, between booktabs' rules."""
    text = render([RECORD], "latex")

    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert r"\emph{supervised}" in text
    assert rf"\textbf{{{100 * RECORD.quality.value:.1f} [" in text
    assert r"vgg\_tiny.glyphs & fine\_tune &" in text


@given(records())
def test_any_record_is_latex_and_csv(record):
    """No record is too odd for a format."""
    assert r"\end{table*}" in render([record], "latex")
    assert 2 == len(list(csv.reader(io.StringIO(render([record], "csv"), newline=""))))


def test_pytest_benchmark_reads_it(tmp_path):
    """`pytest-benchmark compare` shows the exported cases, under the names that `--benchmark-json` gives them."""
    (tmp_path / "run.json").write_text(render_benchmarks([RECORD]))

    done = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", "run.json", "--csv=out.csv", "--columns=median"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (line,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text()))

    assert f"test_image_classification[{RECORD.case.id}]" in done.stdout
    assert RECORD.cost.latency_s.p50 == pytest.approx(float(line["median"]), rel=1e-3)


def test_the_whole_record_is_extra_info():
    """Beside the samples of latency the export carries everything that the record says."""
    (entry,) = json.loads(render_benchmarks([RECORD]))["benchmarks"]

    assert RECORD.quality.value == entry["extra_info"]["ptmbench"]["quality"]["value"]
    assert list(RECORD.cost.latency_s.samples) == entry["stats"]["data"]


def test_cases_without_latency_are_named():
    """What pytest-benchmark has no place for is told, and nothing but that is an error."""
    broken = gone(RECORD, "failed", "why")

    assert [RECORD.case.id] == without_latency([broken])
    with pytest.raises(UsageError, match="no case of these folders has a latency"):
        render_benchmarks([broken])


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")  # of mlflow's own tables
@pytest.mark.slow
def test_mlflow_holds_every_case_once(cli, tmp_path):
    """Figures are metrics, names parameters, the record an artifact; a second time nothing is logged again."""
    mlflow = pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    write(tmp_path / "results", RECORD)
    write(tmp_path / "results", gone(changed(RECORD, name=HOSTILE), "failed", HOSTILE).model_copy())
    address = f"sqlite:///{tmp_path / 'runs.db'}"

    first = cli("report", "results", "--mlflow", address)
    second = cli("report", "results", "--mlflow", address)
    client = mlflow.MlflowClient(tracking_uri=address)
    runs = client.search_runs([client.get_experiment_by_name("ptmbench").experiment_id])

    assert f"1 cases logged to {address}, 0 were there already\n" == first.stdout, first.stderr
    assert f"0 cases logged to {address}, 1 were there already\n" == second.stdout
    assert 1 == len(runs)


def test_mlflow_says_what_it_cannot_reach(cli, tmp_path):
    """An address that is none is one line, without a traceback."""
    write(tmp_path / "results", RECORD)

    done = cli("report", "results", "--mlflow", "nowhere://x")

    assert 2 == done.returncode
    assert "Traceback" not in done.stderr
    assert "give a tracking URI, such as http://localhost:5000" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--plot", "--mlflow", "x"), "--plot and --mlflow are two reports"),
        (("--plot", "--format", "csv"), "--plot writes no csv"),
        (("--mlflow", "x", "-o", "y"), "writes no file: leave -o out"),
        (("--card", "pixels", "--format", "latex"), "a card is Markdown or html, not latex"),
        (("--card", "pixels", "--model-index", "--format", "html"), "--model-index is YAML"),
    ],
)
def test_options_that_contradict_are_told(cli, options, said):
    """Each pair of options that cannot hold together says so, and what to leave out."""
    done = cli("report", str(QUICK), *options)

    assert 2 == done.returncode
    assert said in done.stderr


def test_an_mlflow_server_that_is_not_there_is_told_soon(cli, tmp_path):
    """A server that does not answer is one line within seconds, and the next command goes on."""
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    write(tmp_path / "results", RECORD)

    done = cli("report", "results", "--mlflow", "http://127.0.0.1:9")

    assert 2 == done.returncode
    assert "Traceback" not in done.stderr
    assert "does not take the records" in done.stderr
    assert "the same command goes on" in done.stderr
