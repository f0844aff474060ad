"""Tests of `ptmbench.api.running`: models and tasks by name, as specs and as objects, run from Python."""

import gc
import subprocess
import sys
import threading

import numpy as np
import pytest

import ptmbench
from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.errors import StoreError, UnknownName, UsageError

LAZY = """
import sys
import ptmbench
before = sorted({"numpy", "torch", "pydantic"} & set(sys.modules))
names = [getattr(ptmbench, name) for name in ptmbench.__all__]
print(before, sorted({"torch", "torchvision", "transformers", "sklearn", "pandas"} & set(sys.modules)))
"""


def smoke(models, tasks, **options):
    """A run at the smallest budget."""
    return ptmbench.run(models, tasks, budget="smoke", device="cpu", threads=1, **options)


def test_importing_loads_nothing():
    """`import ptmbench` imports neither NumPy nor pydantic, and what it offers imports no framework."""
    finished = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True)

    assert "[] []" == finished.stdout.strip()


def test_what_is_offered_is_listed():
    """`dir` lists what is imported when it is asked for, and nothing else is made up."""
    assert set(ptmbench.__all__) <= set(dir(ptmbench))
    with pytest.raises(AttributeError, match="no attribute 'recommend_me'"):
        _ = ptmbench.recommend_me


def test_names_and_specs_make_the_same_case():
    """A model, task and method by name and as specs have one digest."""
    model = next(model for model in MODELS if model.name == "pixels")
    task = next(task for task in TASKS if task.name == "digits_5shot")
    method = next(method for method in METHODS if method.name == "knn")

    by_name = smoke("pixels", "digits_5shot", methods="knn")
    by_spec = smoke([model], [task], methods=[method])
    assert ["pixels-digits_5shot-knn"] == [record.case.id for record in by_name]
    assert [record.case.digest for record in by_name] == [record.case.digest for record in by_spec]


def test_a_reference_brings_its_control(tmp_path):
    """A reference runs beside the same architecture at random initialisation, as on the command line."""
    (tmp_path / "weights.pth").write_bytes(b"")
    found = smoke(f"file:{tmp_path}/weights.pth#torchvision:squeezenet1_1?name=mine", "digits_5shot", methods="knn")

    assert {"mine-digits_5shot-knn", "mine.random-digits_5shot-knn"} == {record.case.id for record in found}
    assert "failed" == found["mine-digits_5shot-knn"].status  # the file is empty, and nothing stands beside it
    assert "skipped" == found["mine.random-digits_5shot-knn"].status


def test_without_a_folder_the_records_go_with_the_results():
    """The temporary folder is there as long as the results are."""
    found = smoke("pixels", "digits_5shot", methods="knn")
    folder = found.folder
    assert (folder / "pixels-digits_5shot-knn.json").exists()

    del found
    gc.collect()
    assert not folder.exists()


def test_a_folder_keeps_what_it_held(tmp_path, capsys):
    """A second run into a folder gives its own cases; a resume keeps what is still true, and progress says so."""
    smoke("pixels", "digits_5shot", methods="knn", results=tmp_path)
    again = smoke("pixels", "digits_5shot", results=tmp_path, resume=True, progress=True)

    assert {"knn", "linear_probe"} == {record.case.method.name for record in again}
    assert "knn  top1_accuracy" in capsys.readouterr().err
    assert 1 == len(smoke("pixels", "digits_1shot", methods="knn", results=str(tmp_path)))


@pytest.mark.parametrize(
    ("models", "tasks", "options", "message"),
    [
        ("resnet_tinny.glyphs", "digits_5shot", {}, "did you mean resnet_tiny.glyphs"),
        ("pixels", "digits_6shot", {}, "did you mean digits_5shot"),
        ("pixels", "digits_5shot", {"methods": "nkk"}, "no method is called 'nkk'"),
        ("pixels", "sentiment_full", {}, "no case is left: pixels takes image, and sentiment_full is made of text"),
        ("pixels", "digits_5shot", {"seeds": 0, "jobs": 0}, "1 to 1,000 seeds, got 0; expected 1 to 256 jobs"),
        ("pixels", "digits_5shot", {"resume": True}, "results=DIR"),
        ([], "digits_5shot", {}, "at least one model"),
        ("pixels", (), {}, "at least one task"),
        (3, "digits_5shot", {}, "expected a model as a name.*got a int"),
        ("pixels", [3.5], {}, "expected a task as a name.*got a float"),
    ],
)
def test_what_cannot_be_run_is_refused(models, tasks, options, message):
    """What is wrong with a call is said before anything runs, with what was meant."""
    with pytest.raises(UsageError, match=message):
        smoke(models, tasks, **options)


def test_a_timeout_needs_the_main_thread():
    """A timeout outside of the main thread is refused instead of failing every case."""
    met = []

    def call():
        try:
            smoke("pixels", "digits_5shot", timeout=60)
        except UsageError as error:
            met.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert ["a timeout works in the main thread only: leave timeout out"] == met


def test_a_folder_of_another_budget_is_refused(tmp_path):
    """Budgets are never mixed in one folder."""
    smoke("pixels", "digits_5shot", methods="knn", results=tmp_path)

    with pytest.raises(StoreError, match="smoke"):
        ptmbench.run("pixels", "digits_5shot", methods="knn", device="cpu", results=tmp_path)


def test_arrays_are_a_task_by_themselves():
    """A pair of arrays is a task, alone and among others."""
    labels = np.arange(60) % 2
    images = (np.random.default_rng(0).random((60, 8, 8)) * 0.5 + 0.5 * labels[:, None, None]).astype(np.float32)

    alone = smoke("pixels", (images, labels), methods="knn")
    among = smoke("pixels", ["digits_5shot", (images, labels)], methods="knn")
    assert 1 == len(alone)
    assert {record.case.digest for record in alone} < {record.case.digest for record in among}


def test_unknown_names_are_usage_errors():
    """One class covers what a caller can correct."""
    assert issubclass(UnknownName, ptmbench.UsageError)
