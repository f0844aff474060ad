"""Tests of what a run is given, and of the digest that a record is held against."""

from dataclasses import replace

import pytest

from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import find_case, product
from ptmbench.catalog.digests import case_digest
from ptmbench.catalog.settings import BUDGETS, check_settings
from ptmbench.errors import UnknownName, UsageError
from ptmbench.records import environment

CASE = find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune")
PARTS = {
    "case": CASE,
    "weights_sha256": "0" * 64,
    "split_sha256": "1" * 64,
    "budget": BUDGETS["quick"],
    "seeds": 1,
    "recorded_rate": 1e-3,
    "precision": "fp32",
}


def test_all_faults_are_named_at_once():
    """One message lists everything that is wrong with the options."""
    with pytest.raises(UsageError) as caught:
        check_settings(seeds=0, threads=-1, timeout_s=0, device="gpu", precision="int4")

    said = str(caught.value)
    assert all(
        word in said for word in ("1,000 seeds, got 0", "1,024 threads, got -1", "above 0 seconds", "'gpu'", "'int4'")
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"timeout_s": 1e300}, "above 0 seconds and at most 10,000,000, got 1e+300"),
        ({"timeout_s": float("inf")}, "at most 10,000,000, got inf"),
        ({"timeout_s": float("nan")}, "at most 10,000,000, got nan"),
        ({"seeds": 1001}, "expected 1 to 1,000 seeds, got 1001"),
        ({"threads": 10**20}, r"expected 1 to 1,024 threads, got 1e\+20"),
        ({"jobs": 10**5000}, "expected 1 to 256 jobs, got a number of more than 300 digits"),
    ],
    ids=["timeout", "endless timeout", "no number", "seeds", "threads", "jobs"],
)
def test_a_number_that_no_machine_can_run_is_refused(option, message):
    """Whatever would overflow a clock or crash a library is answered with the range."""
    with pytest.raises(UsageError, match=message.replace("1e+300", r"1e\+300")):
        check_settings(**option)


def test_the_ends_of_the_ranges_are_allowed():
    """The least and the greatest number of each range make settings."""
    assert 1000 == check_settings(seeds=1000, threads=1024, jobs=256, timeout_s=1e7).seeds
    assert 1 == check_settings(seeds=1, threads=1, jobs=1, timeout_s=1e-3).seeds


def test_an_unknown_budget_lists_near_ones():
    """A typo of a budget is answered with the budget."""
    with pytest.raises(UnknownName, match="did you mean standard"):
        check_settings(budget="standart")


@pytest.mark.parametrize(
    ("budget", "method", "task", "seeds"),
    [
        ("quick", "linear_probe", "digits_5shot", 3),
        ("quick", "fine_tune", "digits_full", 3),
        ("converged", "fine_tune", "digits_full", 3),
        ("standard", "linear_probe", "digits_full", 10),
        ("standard", "fine_tune", "digits_5shot", 5),
        ("standard", "fine_tune", "digits_full", 3),
    ],
)
def test_budgets_give_seeds(budget, method, task, seeds):
    """Seeds are counted by budget, kind of method and kind of task, unless the user says how many."""
    case = find_case("resnet_tiny.glyphs", task, method)

    assert seeds == check_settings(budget=budget).seeds_for(case.method, case.task)
    assert check_settings(budget=budget, seeds=7).seeds_for(case.method, case.task) == 7


def test_detectors_and_segmenters_have_seeds_of_their_own():
    """A training of theirs takes as long as forty of a small classifier: one seed at quick, and no verdict."""
    case = find_case("unet_tiny.glyphs", "scene_masks_full", "fine_tune")

    assert [1, 3] == [
        check_settings(budget=budget).seeds_for(case.method, case.task) for budget in ("quick", "standard")
    ]


def test_labels_that_tune_make_another_budget():
    """Few-shot tasks tuned on the validation split are another table, without floors; the full ones tune as ever."""
    few, full = (find_case("resnet_tiny.glyphs", task, "fine_tune").task for task in ("digits_5shot", "digits_full"))
    usual, told = (check_settings(budget="standard", tune_on=labels).budget for labels in ("draw", "validation"))

    assert ("standard", "standard_tuned_on_validation") == (usual.name, told.name)
    assert (False, True) == (usual.tunes(few), told.tunes(few))
    assert (True, True) == (usual.tunes(full), told.tunes(full))
    assert (True, False) == (usual.asserts_floors, told.asserts_floors)


def test_labels_that_tune_are_named():
    """Other words than draw and validation are a fault that says both."""
    with pytest.raises(UsageError, match="tuned on draw or validation, got 'test'"):
        check_settings(tune_on="test")


@pytest.mark.parametrize(
    "change",
    [
        {"case": replace(CASE, method=replace(CASE.method, grid=(1.0,)))},
        {"case": find_case("resnet_tiny.glyphs", "digits_20shot", "fine_tune")},
        {"weights_sha256": "2" * 64},
        {"split_sha256": "2" * 64},
        {"budget": BUDGETS["standard"]},
        {"budget": BUDGETS["quick"].tuned_on("validation")},
        {"seeds": 2},
        {"recorded_rate": 3e-3},
        {"precision": "bf16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_digest_covers_what_a_figure_depends_on(change):
    """Another method, task, weights, split, budget, seeds, rate or precision is another digest."""
    assert case_digest(**PARTS) == case_digest(**PARTS)
    assert case_digest(**PARTS) != case_digest(**{**PARTS, **change})


def test_digests_are_all_different():
    """No two cases of the catalog share a digest."""
    digests = {case_digest(**{**PARTS, "case": case}) for case in product()}

    assert len(digests) == len(product())


def test_the_fingerprint_is_of_what_speed_depends_on():
    """Another GPU is another machine; the number of threads is said beside it."""
    first, again = environment.machine("none", 2), environment.machine("none", 1)

    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != environment.machine("some GPU", 2).fingerprint
    assert (2, 1) == (first.threads, again.threads)


@pytest.mark.parametrize(("budget", "steps"), [("smoke", 2), ("quick", 40), ("standard", 500)])
def test_epochs_become_steps(budget, steps):
    """Ten epochs of 1,625 examples in batches of 32 are 500 steps, whole at standard and capped below."""
    classic = next(method.recipe for method in METHODS if method.name == "fine_tune_sgd")

    assert steps == BUDGETS[budget].steps_for(classic, 1_625)
    assert BUDGETS[budget].steps == BUDGETS[budget].steps_for(replace(classic, epochs=None), 1_625)
    assert min(10, steps) == BUDGETS[budget].steps_for(classic, 5)
