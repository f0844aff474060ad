"""Tests of the history of cases: series, steps, and the command."""

import json
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.analysis.history import histories, in_order
from ptmbench.records.figures import by_name, figures_in
from ptmbench.report.history import BLOCKS, render_json, render_text, sparkline
from runs import CASE, committed, nightly, run
from sites import HOSTILE, changed, gone, write
from strategies import records

KNN = "vgg_tiny.glyphs-digits_5shot-knn"
many = st.lists(records(), min_size=1, max_size=8)


def of(found, metric="quality"):
    """The histories of a metric over records, each from a folder of its own."""
    ordered, problems = in_order((f"folder-{number}", record) for number, record in enumerate(found))
    assert [] == problems
    return histories(ordered, by_name(metric))


@pytest.fixture(scope="module")
def nights():
    """Twelve runs: quality falls at the seventh, the network doubles at the fourth, latency rises at the ninth."""
    record = committed()
    return [
        run(
            record, day, quality=(0.9 if day < 6 else 0.7) + 0.001 * (day % 3),
            macs=100 if day < 3 else 200, p50=(1e-3 if day < 8 else 2e-3) * (1 + 0.01 * (day % 3)),
        )
        for day in range(12)
    ]  # fmt: skip


def test_quality_steps_down_and_names_its_commits(nights):
    """A fall of quality is worse, lies between the two runs around it, and names their commits and folders."""
    (found,) = of(nights)
    (step,) = found.steps

    assert ("worse", 6) == (step.direction, step.index)
    assert ("000000000005", "000000000006") == (step.before.commit, step.after.commit)
    assert ("folder-5", "folder-6") == (step.before.folder, step.after.folder)
    assert (pytest.approx(0.901), pytest.approx(-0.2)) == (step.level_before, step.difference)
    assert found.noise >= 0.005  # half a width of 0.01 by 1.96, as the records have it


def test_exact_figures_step_where_they_change(nights):
    """Operations step at the run that changed them, which for a cost is worse, and back is better."""
    (found,) = of(nights, "macs")
    assert [(3, "worse", 100, 200)] == [
        (step.index, step.direction, step.level_before, step.level_after) for step in found.steps
    ]

    (back,) = of([run(committed(), day, macs=macs) for day, macs in enumerate((5, 6, 5))], "macs")
    assert [(1, "worse"), (2, "better")] == [(step.index, step.direction) for step in back.steps]


def test_times_stay_within_a_machine(nights):
    """Times of two machines, and those on other numbers of threads, are series of their own; quality is one."""
    moved = [run(record, day, fingerprint="elsewhere") for day, record in enumerate(nights) if day % 2]
    mixed = [*(record for day, record in enumerate(nights) if not day % 2), *moved]
    here, half = nights[0].provenance.machine, len(nights) // 2
    more = here.model_copy(update={"threads": 4})
    alone = [made.model_copy(update={"provenance": made.provenance.model_copy(update={"machine": more})})
             for made in nights[half:]]  # fmt: skip

    assert {"elsewhere (1 thread)", f"{here.fingerprint} (1 thread)"} == {
        one.machine for one in of(mixed, "latency_p50_s")
    }
    assert {f"{here.fingerprint} (1 thread)", f"{here.fingerprint} (4 threads)"} == {
        one.machine for one in of([*nights[:half], *alone], "latency_p50_s")
    }
    assert [here.fingerprint] == [one.machine for one in of([*nights[:half], *alone], "inference_bytes")]
    assert [""] == [one.machine for one in of(mixed)]
    assert [1] == [len(one.steps) for one in of(nights, "latency_p50_s")]


def test_a_change_of_the_data_is_neither_better_nor_worse(nights):
    """Figures on another split do not compare, and the step says so; other weights are judged, and named."""

    def altered(record, part, **fields):
        case = record.case
        inner = getattr(case, part).model_copy(update=fields)
        return record.model_copy(update={"case": case.model_copy(update={part: inner, "digest": "1" * 64})})

    split = [altered(one, "task", split_sha256="0" * 64) if day >= 6 else one for day, one in enumerate(nights)]
    weights = [altered(one, "model", weights_sha256="0" * 64) if day >= 6 else one for day, one in enumerate(nights)]

    assert [("neither", "on other data")] == [(step.direction, step.note) for step in of(split)[0].steps]
    assert [("worse", "with other weights")] == [(step.direction, step.note) for step in of(weights)[0].steps]


def test_where_less_is_better_a_rise_is_worse(nights):
    """The record says which way is up."""
    turned = [
        one.model_copy(update={"quality": one.quality.model_copy(update={"higher_is_better": False})}) for one in nights
    ]

    assert ["better"] == [step.direction for step in of(turned)[0].steps]


def test_few_runs_say_so(nights):
    """Two to five runs are too few for a noisy figure, one run is no history of any."""
    assert ["too few runs to tell a step: expected 6, got 5"] == [one.unclear for one in of(nights[:5])]
    assert ["a history takes 2 runs or more, and there is 1"] == [one.unclear for one in of(nights[:1], "macs")]
    assert [None] == [one.unclear for one in of(nights[:2], "macs")]


def test_order_is_time_whatever_the_folder_or_zone():
    """Runs are ordered by the moment they started, across time zones; those of one moment by folder."""
    record = committed()
    noon = run(record, 0, started_at="2026-01-01T12:00:00+00:00", commit="noon")
    later = run(record, 0, started_at="2026-01-01T08:00:00-05:00", commit="later")
    bare = run(record, 0, started_at="2026-01-01T11:00:00", commit="bare")
    also = run(record, 0, started_at="2026-01-01T12:00:00+00:00", commit="also")

    ordered, problems = in_order([("d", later), ("c", noon), ("b", bare), ("a", also)])

    assert ["bare", "also", "noon", "later"] == [found.provenance.commit for _, found in ordered]
    assert [] == problems


def test_what_cannot_be_placed_is_left_out_and_told():
    """A record without a time, and a copy of a record, are left out with a reason."""
    record = run(committed(), 0)

    ordered, problems = in_order([("a", record), ("b", record), ("c", run(record, 0, started_at="yesterday"))])

    assert 1 == len(ordered)
    assert ["copy", "expected an ISO 8601 time"] == [
        re.search(r"copy|expected an ISO 8601 time", line)[0] for line in problems
    ]


def test_runs_without_a_figure_keep_their_reason(nights):
    """A run that failed has no figure and no share in the steps; the JSON has null and why."""
    broken = gone(nights[4], "failed", "out of luck")
    found = of([*nights[:4], broken, *nights[5:]])

    (one,) = json.loads(render_json(found, [], by_name("quality")))["series"]

    assert (None, "out of luck") == (one["runs"][4]["value"], one["runs"][4]["reason"])
    assert [5] == [step.index for step in found[0].steps]
    assert "1 run without a figure: out of luck" in render_text(of([nights[0], broken]), everything=True)


@given(many, st.sampled_from(sorted(figure.name for figure in figures_in("history"))), st.integers(40, 200))
def test_any_records_render(found, metric, width):
    """Whatever is in the records, text fits its width and holds no control character, and JSON is JSON."""
    ordered, _ = in_order((f"{HOSTILE}\x1b[31m\n{number}", record) for number, record in enumerate(found))
    one = histories(ordered, by_name(metric))

    text = render_text(one, width, everything=True)
    json.loads(render_json(one, [], by_name(metric)))

    assert max(map(len, text.splitlines())) <= width
    assert not [letter for letter in text if letter != "\n" and unicodedata.category(letter) in {"Cc", "Cf", "Zl"}]


@given(st.lists(st.floats(-1e9, 1e9), max_size=100), st.integers(0, 90))
def test_a_sparkline_has_a_bar_for_each_of_the_newest_values(values, width):
    """It is never wider than it may be, and reaches from the lowest bar to the highest."""
    line = sparkline(values, width)

    assert min(len(values), width) == len(line)
    assert set(line) <= set(BLOCKS)


def test_the_worst_stands_first_and_the_rest_is_counted(nights):
    """Falls come before rises, the larger one first; what did not step is one line."""
    names = ["small-fall", "large-fall", "rise", "flat"]
    moved = dict(zip(names, (-0.1, -0.3, 0.3, 0.0), strict=True))
    found = []
    for name in names:
        for day, one in enumerate(nights):
            case = one.case.model_copy(update={"id": name})
            found.append(run(one, day, quality=0.5 + moved[name] * (day >= 6)).model_copy(update={"case": case}))

    text = render_text(of(found))

    assert ["large-fall", "small-fall", "rise"] == re.findall(r"^\w+-fall$|^rise$", text, re.MULTILINE)
    assert "3 with a step, 1 without a step, 0 untold (--all lists them)." in text
    assert "50.0 % -> 20.0 % (-30.0 points)" in text
    assert "000000000005..000000000006" in text


def test_the_command_reads_folders_of_folders(cli, tmp_path, nights):
    """One folder that holds the runs is enough; -k, --metric, --format and -o do what they say."""
    nightly(tmp_path / "nights", nights)
    write(tmp_path / "nights" / "night-00", run(committed(KNN), 0))

    text = cli("history", "nights").stdout
    assert "worse" in text
    assert "000000000005..000000000006" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "No case fits" in cli("history", "nights", "-k", "nothing_of_the_kind").stdout

    cli("history", "nights", "-k", "not knn", "--metric", "macs", "--format", "json", "-o", "macs.json")
    content = json.loads((tmp_path / "macs.json").read_text())
    assert [(CASE, 12, 1)] == [(one["case"], len(one["runs"]), len(one["steps"])) for one in content["series"]]
    assert cli("history", "nights", "--metric", "gain", "--all").returncode == 0


def test_the_command_says_what_is_wrong(cli, tmp_path, nights):
    """Bad input is one message, without a traceback."""
    nightly(tmp_path / "nights", nights[:2])
    (tmp_path / "empty").mkdir()
    (tmp_path / "nights" / "night-00" / "half.json").write_text('{"schema_version": 1, "budget": "quick"}')
    (tmp_path / "nights" / "night-01" / "newer.json").write_text('{"schema_version": 99}')

    assert "did you mean latency_p50_s" in cli("history", "nights", "--metric", "latency_p50").stderr
    assert "holds no records" in cli("history", "empty").stderr
    assert "is not a folder" in cli("history", "absent").stderr
    assert "-k" in cli("history", "nights", "-k", "a and").stderr
    told = cli("history", "nights", "nights/night-00")
    assert 0 == told.returncode
    assert "was given before: it counts once" in told.stderr
    assert "half.json is not a ptmbench record" in told.stderr
    assert "newer ptmbench" in told.stderr
    assert "1: too few runs to tell a step: expected 6, got 2" in told.stdout
    assert "Traceback" not in told.stderr


def test_hostile_names_reach_no_terminal(cli, tmp_path, nights):
    """Escape sequences and line breaks in commits, reasons and names are not printed."""
    hostile = [run(one, day, commit="\x1b]0;owned\x07\n\u202e") for day, one in enumerate(nights)]
    nightly(tmp_path / "nights", [changed(one, name=HOSTILE) for one in hostile])

    found = cli("history", "nights", "--all")

    assert 0 == found.returncode
    assert not set("\x1b\x07\u202e") & set(found.stdout + found.stderr)


def test_a_terminal_without_blocks_gets_digits(cli, tmp_path, nights, monkeypatch):
    """Where the terminal's letters are ASCII there is no traceback."""
    nightly(tmp_path / "nights", nights)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    found = cli("history", "nights")

    assert 0 == found.returncode
    assert re.search(r"  [1-8]{12}  ", found.stdout)


def test_starting_the_command_line_stays_quick():
    """Neither the plugin nor the parser imports what finds change points, nor scipy.stats below it."""
    code = (
        "import sys, ptmbench.plugin.hooks, ptmbench.cli.parser; print({'ruptures', 'scipy.stats'} & set(sys.modules))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "set()" == found.stdout.strip()
