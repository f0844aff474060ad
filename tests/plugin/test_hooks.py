"""Tests of the pytest plugin, in processes of their own, on the smallest cases."""

import itertools
import json
import signal
import time

import pytest
import torch
from PIL import Image
from torchvision import models

from ptmbench.catalog.cases import product
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.hub_models import PUBLISHED

SMOKE = ("--ptm-budget=smoke", "--ptm-device=cpu", "--ptm-results=out")
ONE = "pixels and digits_1shot and knn"
CASE = "pixels-digits_1shot-knn"
CASES = len(entries_of().cases())
SHIPPED = len(product())
ONE_TASK, ALL_OF_IT = "digits_1shot and (resnet_tiny.waves or resnet_tiny.random or pixels) and not hub", 9


def read(pytester, case_id):
    """The record of a case as plain JSON."""
    return json.loads((pytester.path / "out" / f"{case_id}.json").read_text())


def test_a_case_is_a_test_and_leaves_a_record(benchmarks, pytester):
    """One selected case runs as one test, writes its record, and stands in the table at the end."""
    result = benchmarks(*SMOKE, "-k", ONE)

    result.assert_outcomes(passed=1, deselected=CASES - 1)
    result.stdout.fnmatch_lines(
        [f"*PASSED*{CASE}*top1_accuracy*", "digits_1shot (smoke, cpu, fp32)*", "*1 of 1 cases*"]
    )
    assert read(pytester, CASE)["case"]["id"] == CASE


def test_all_combinations_of_one_task_pass_at_smoke(benchmarks):
    """The smoke budget runs every case's code and asserts no floor."""
    benchmarks(*SMOKE, "-k", ONE_TASK).assert_outcomes(passed=ALL_OF_IT, deselected=CASES - ALL_OF_IT)


def test_latency_is_pytest_benchmarks(benchmarks, pytester):
    """The record's latency samples are those of pytest-benchmark's JSON, which carries the record too."""
    benchmarks(*SMOKE, "-k", ONE, "--benchmark-json=bench.json").assert_outcomes(passed=1, deselected=CASES - 1)

    shown = json.loads((pytester.path / "bench.json").read_text())["benchmarks"][0]
    latency = read(pytester, CASE)["cost"]["latency_s"]

    assert latency["samples"] == shown["stats"]["data"]
    assert latency["p50"] == pytest.approx(shown["stats"]["median"])
    assert shown["stats"]["rounds"] <= 30
    assert CASE == shown["extra_info"]["ptmbench"]["case"]["id"]
    parts = {"model": "pixels", "task": "digits_1shot", "method": "knn", "variant": "full"}
    assert parts == shown["params"]


def test_disabled_benchmarking_measures_no_latency(benchmarks, pytester):
    """Under --benchmark-disable the latency is null, with the reason."""
    benchmarks(*SMOKE, "-k", ONE, "--benchmark-disable").assert_outcomes(passed=1, deselected=CASES - 1)

    record = read(pytester, CASE)
    assert record["cost"]["latency_s"] is None
    assert "--benchmark-disable" in record["missing"]["cost.latency_s"]


def test_groups_by_parameter(benchmarks):
    """`--benchmark-group-by=param:task` groups pytest-benchmark's table by task."""
    result = benchmarks(
        *SMOKE, "-k", "pixels and knn and (digits_1shot or digits_5shot)", "--benchmark-group-by=param:task"
    )

    result.stdout.fnmatch_lines(
        ["*benchmark 'task=digits_1shot': 1 tests*", "*benchmark 'task=digits_5shot': 1 tests*"]
    )


def test_pytest_benchmarks_table_is_left_out_unless_asked_for(benchmarks):
    """Without a display option the run ends with our table alone."""
    result = benchmarks(*SMOKE, "-k", ONE)

    result.stdout.no_fnmatch_line("*Outliers*")


def test_junit_xml_names_the_cases(benchmarks, pytester):
    """`--junitxml` has one test case a case."""
    benchmarks(*SMOKE, "-k", ONE, "--junitxml=junit.xml")

    assert f"test_image_classification[{CASE}]" in (pytester.path / "junit.xml").read_text()


def test_a_missed_floor_fails_and_names_value_floor_and_case(benchmarks):
    """A case below its floor fails its test and the run; the message names value, floor and case."""
    floors = f'[quick]\n"{CASE}" = {{ floor = 0.99, tells = false }}\n'

    result = benchmarks("--ptm-device=cpu", "--ptm-results=out", "-k", ONE, floors=floors)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"*{CASE} reached top1_accuracy 0.*, below its floor of 0.9900 (floors.toml*"])


def test_a_floor_that_is_met_passes(benchmarks, pytester):
    """A case at or above its floor passes, and its record says so."""
    floors = f'[quick]\n"{CASE}" = {{ floor = 0.2, tells = false }}\n'

    benchmarks("--ptm-device=cpu", "--ptm-results=out", "-k", ONE, floors=floors).assert_outcomes(
        passed=1, deselected=CASES - 1
    )

    quality = read(pytester, CASE)["quality"]
    assert (0.2, True, False) == (quality["floor"], quality["floor_met"], quality["floor_tells"])


def test_a_missing_floor_fails(benchmarks):
    """A case without a floor where its task has some fails, naming the case and the command that writes floors."""
    floors = '[quick]\n"pixels-digits_1shot-linear_probe" = { floor = 0.2, tells = false }\n'
    result = benchmarks("--ptm-device=cpu", "--ptm-results=out", "-k", ONE, floors=floors)

    result.assert_outcomes(failed=1, deselected=CASES - 1)
    result.stdout.fnmatch_lines([f"*{CASE} has no floor at the budget quick in floors.toml*"])


def test_resume_keeps_finished_records(benchmarks, pytester):
    """With --ptm-resume a finished record stays to the byte, and the test passes from it."""
    benchmarks(*SMOKE, "-k", ONE)
    before = (pytester.path / "out" / f"{CASE}.json").read_bytes()

    result = benchmarks(*SMOKE, "-k", "pixels and digits_1shot", "--ptm-resume")

    result.assert_outcomes(passed=2, deselected=CASES - 2)
    result.stdout.fnmatch_lines([f"*PASSED*{CASE}*kept*"])
    assert before == (pytester.path / "out" / f"{CASE}.json").read_bytes()


@pytest.mark.slow
def test_cases_side_by_side_are_tests_as_ever(benchmarks, pytester):
    """With --ptm-jobs each test has its own case's record; latency comes at the end, and to pytest-benchmark too."""
    result = benchmarks(
        *SMOKE, "-k", "pixels and (digits_1shot or shapes_5shot)", "--ptm-jobs=2", "--benchmark-json=seen.json"
    )

    result.assert_outcomes(passed=4, deselected=CASES - 4, warnings=0)
    result.stdout.fnmatch_lines(["*4/4*PASSED*", "*4 records in out*"])
    samples = read(pytester, CASE)["cost"]["latency_s"]["samples"]
    seen = {
        entry["param"]: entry["stats"]["data"]
        for entry in json.loads((pytester.path / "seen.json").read_text())["benchmarks"]
    }
    assert 4 == len(seen)
    assert samples == seen[CASE]
    assert not list((pytester.path / "out").glob("_running/*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ptm-seeds=0"], "*expected 1 to 1,000 seeds, got 0*"),
        (["--ptm-budget=quik"], "*no budget is called 'quik': did you mean quick*"),
        (["--ptm-device=gpu", "--ptm-threads=0"], "*expected 1 to 1,024 threads, got 0; expected a device of auto*"),
        (["--ptm-jobs=0"], "*expected 1 to 256 jobs, got 0*"),
        (["--ptm-timeout=-1"], "*expected a timeout above 0 seconds and at most 10,000,000, got -1*"),
    ],
)
def test_options_that_cannot_be_met(benchmarks, arguments, message):
    """A wrong option ends pytest at once with usage error 4 and one message."""
    result = benchmarks(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("arguments", [["-n2"], ["-n1", "--ptm-jobs=2"]])
def test_processes_of_xdist_are_refused_before_a_case_runs(benchmarks, pytester, arguments):
    """Processes that would each open a run of the same records are told off once, with what to give instead."""
    result = benchmarks(*SMOKE, "-k", ONE_TASK, *arguments)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert 1 == str(result.stdout).count("leave it out, ptmbench runs embedded cases side by side by itself")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert not (pytester.path / "out").exists()


def test_a_folder_of_another_budget_is_refused(benchmarks):
    """Records of two budgets never mix: one message, no traceback."""
    benchmarks(*SMOKE, "-k", ONE)

    result = benchmarks("--ptm-device=cpu", "--ptm-results=out", "-k", ONE)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*out holds records of smoke-cpu-fp32, and this run makes quick-cpu-fp32*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_results_folder_that_cannot_be_written(benchmarks, pytester):
    """A file in the folder's place is named before anything runs."""
    pytester.path.joinpath("out").write_text("")

    result = benchmarks(*SMOKE, "-k", ONE)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*out is a file, expected a folder*"])


def test_a_results_folder_that_vanishes(benchmarks, pytester):
    """Records that are gone at the end are an error, though every test has passed."""
    pytester.makeconftest(
        """
        import shutil

        def pytest_runtest_teardown(nextitem):
            if nextitem is None:
                shutil.rmtree("out")
        """
    )

    result = benchmarks(*SMOKE, "-k", ONE)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*1 of the records that this run has written are gone from out*"])


def test_a_floors_file_with_faults_lists_them(benchmarks):
    """All faults of the floors file come in one message."""
    floors = f'[quick]\n"{CASE}" = {{ floor = "high", tells = 7 }}\n'

    result = benchmarks("--ptm-device=cpu", "--ptm-results=out", "-k", ONE, floors=floors)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*has faults*floor: *tells: *"])


def test_stops_at_the_first_failure(benchmarks):
    """`-x` ends the run at the first missed floor."""
    floors = f'[quick]\n"{CASE}" = {{ floor = 0.99, tells = false }}\n'
    floors += '"pixels-digits_1shot-linear_probe" = { floor = 0.99, tells = false }\n'
    result = benchmarks("--ptm-device=cpu", "--ptm-results=out", "-k", "pixels and digits_1shot", "-x", floors=floors)

    result.assert_outcomes(failed=1, deselected=CASES - 2)


def test_marker_selects(benchmarks):
    """`-m ptm_kind` selects our cases, and a marker of a typo is refused under strict markers."""
    result = benchmarks("--collect-only", "-q", "-m", "ptm_kind")

    result.stdout.fnmatch_lines([f"{CASES} tests collected*"])


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_keeps_finished_records(benchmarks, forge, pytester, asked):
    """Ctrl-C or SIGTERM ends pytest with its code 2; what was finished is kept whole, and --ptm-resume goes on."""
    chosen = ("-k", ONE_TASK)
    process = forge.start("-m", "pytest", *SMOKE, *chosen, "-p", "no:cacheprovider", cwd=pytester.path)
    out = pytester.path / "out"
    deadline = time.monotonic() + 120
    while len(list(out.glob("*-*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(asked)
    process.communicate(timeout=180)  # cases that are under way end first: a minute on a machine with other work

    finished = list(out.glob("*-*.json"))
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert 3 <= len(finished) < ALL_OF_IT
    assert not [*out.glob("_running/*"), *out.glob("_runs")]
    result = benchmarks(*SMOKE, *chosen, "--ptm-resume")
    result.assert_outcomes(passed=ALL_OF_IT, deselected=CASES - ALL_OF_IT)
    assert len([line for line in result.outlines if "  kept" in line]) == len(finished)


def test_hub_cases_are_skipped_quietly(benchmarks, pytester, monkeypatch):
    """Cases of public weights that are not on disk are skipped with the command that fetches them, in one line."""
    monkeypatch.setenv("TORCH_HOME", str(pytester.path / "nowhere"))
    result = benchmarks(*SMOKE, "-k", "(pixels or resnet18) and digits_1shot and knn")

    result.assert_outcomes(passed=1, skipped=2, deselected=CASES - 3)
    result.stdout.fnmatch_lines(
        [f"*1/1*PASSED*{CASE}*", "2 cases of the hub tier left out*resnet18*ptmbench fetch -k resnet18"]
    )
    result.stdout.no_fnmatch_line("*SKIPPED*")
    assert [f"{CASE}.json"] == [path.name for path in (pytester.path / "out").glob("*-*.json")]


def test_the_hub_marker_selects(benchmarks):
    """`-m hub` and `-m "not hub"` divide the cases, and `-k resnet` means public ResNets as well."""
    benchmarks("--collect-only", "-q", "-m", "not hub").stdout.fnmatch_lines([f"{SHIPPED}/{CASES} tests collected*"])
    chosen = benchmarks("--collect-only", "-q", "-k", "resnet and digits_full and fine_tune and not last")

    chosen.stdout.fnmatch_lines(["*resnet_tiny.glyphs-digits_full*", "*resnet18-digits_full-fine_tune_sgd*"])


def test_verbose_names_what_is_skipped(benchmarks, pytester, monkeypatch):
    """With `-rs` each reason is told, and with `-v` each case."""
    monkeypatch.setenv("TORCH_HOME", str(pytester.path / "nowhere"))
    result = benchmarks(*SMOKE, "-v", "-rs", "-k", "resnet18 and digits_1shot and knn")

    result.stdout.fnmatch_lines(["*resnet18-digits_1shot-knn* SKIPPED*", "*not on disk: ptmbench fetch -k resnet18*"])


def test_fetched_weights_run(benchmarks, pytester, monkeypatch):
    """A hub model whose weights are in TORCH_HOME runs beside the shipped ones, without a floor of its own."""
    monkeypatch.setenv("TORCH_HOME", str(pytester.path / "torch"))
    checkpoints = pytester.path / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    torch.save(models.squeezenet1_1(weights=None).state_dict(), checkpoints / PUBLISHED["squeezenet1_1"].file)
    for part, name, number in itertools.product(("train", "test"), ("dark", "light"), range(4)):
        place = pytester.path / "photos" / part / name
        place.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 40 * number + 100 * (name == "light")).save(place / f"{number}.png")
    (pytester.path / "ptmbench.toml").write_text('tasks = ["imagefolder:photos?name=photos"]\n')
    floors = f'[quick]\n"{CASE}" = {{ floor = 0.2, tells = false }}\n'
    chosen = "(squeezenet1_1 or pixels) and not random and photos_full and knn"

    result = benchmarks("--ptm-results=out", "--benchmark-disable", "-k", chosen, floors=floors)

    result.assert_outcomes(passed=2)
    record = read(pytester, "squeezenet1_1-photos_full-knn")
    assert "torchvision:squeezenet1_1@IMAGENET1K_V1" == record["case"]["model"]["reference"]
    assert 1.0 == record["case"]["model"]["loaded_fraction"]
