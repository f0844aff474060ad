"""Tests that every reason in the committed records is true of the facts that stand beside it."""

import re
from pathlib import Path

import pytest

from ptmbench.catalog.builtin import ALL_METHODS
from ptmbench.catalog.settings import BUDGETS
from ptmbench.catalog.spec import ships
from ptmbench.records.store import ResultsFolder

RESULTS = Path(__file__).parents[1] / "results"
FOLDERS = sorted(path for path in RESULTS.glob("*/*-*-*") if path.is_dir())
METHOD = {method.name: method for method in ALL_METHODS}
METRICS = {"accuracy": "top1_accuracy", "entity F1": "entity_f1", "mAP@[.5:.95]": "map", "mIoU": "miou"}


def shipped(record):
    """Whether the checkpoint of a pre-trained model came with the package."""
    return ships(record.case.model.reference) and not record.case.model.is_control


def own(scheme):
    """Whether the weights are a user's own, or those below a detector or segmenter are."""
    return lambda record: f"{scheme}:" in record.case.model.reference and not record.case.model.is_control


def frozen(record):
    """Whether nothing was trained by gradient."""
    return METHOD[record.case.method.name].frozen and record.case.method.steps is None


def other_seeds(record, usual, asked):
    """Whether a run had another number of seeds than its budget has."""
    return len(record.quality.seeds) == int(asked) != int(usual)


def no_partner(record):
    """Whether nothing of the architecture was trained from scratch on the task, in the folder of the record."""
    return (record.case.model.architecture, record.case.task.name) not in SCRATCH[record.case.id, record.budget]


SCRATCH = {}
TRUE = {  # of every reason, what must hold where it stands
    r"shipped with the package: the sha256 pins it": shipped,
    r"a file of your own: the sha256 pins it": own("file"),
    r"a folder of your own: the sha256 pins it": own("hf"),
    r"the publisher of the checkpoint does not state it": lambda r: not shipped(r) and not r.case.model.is_control,
    r"a control: there is no checkpoint": lambda r: r.case.model.is_control and r.case.model.weights_sha256 is None,
    r"a control: there is no pre-training source": lambda r: r.case.model.is_control and r.case.model.source == "none",
    r"a control: nothing was pre-trained": lambda r: r.case.model.is_control,
    r"defined for images.*": lambda r: "image" not in r.case.task.kind or not shipped(r),
    r"(attacked|explained) are networks: .*": lambda r, _: r.case.method.name in {"knn", "dp_probe"},
    r"defined for labels of pictures": lambda r: "image" not in r.case.task.kind,
    r"texts do not say which of their words decide": lambda r: (
        "text" in r.case.task.kind and r.attribution.inside is None
    ),
    r"no layer was trained: .*": frozen,
    r"nearest neighbours have no loss": lambda r: r.forgetting.loss_before is None and "image" in r.case.task.kind,
    r"tokens are not equally frequent": lambda r: r.forgetting.chance is None and "text" in r.case.task.kind,
    r"a control: it is the random network itself": lambda r: r.case.model.is_control,
    r"measured for networks that take pictures alone.*": lambda r: r.representation.probe_by_stage is None,
    r"each of its shadows would be a training: .*": lambda r: not frozen(r),
    r"a thousand pairs of a model and an example.*": lambda r: r.privacy.tpr_at_fpr_1e_3 is None,
    r"nothing is trained by gradient: scikit-learn fits the classifier": frozen,  # protocol 1
    r"nothing is trained step by step: a classifier is fitted to its optimum": frozen,
    r"no frozen features: every layer trains": lambda r: not frozen(r),
    r"the partner from scratch was not run": no_partner,
    r"not measured: other work had the cores while this case trained: .*": lambda r: r.provenance.machine.jobs > 1,
    r"the budget (\w+) asserts no floors": lambda r, name: name == r.budget and not BUDGETS[name].asserts_floors,
    r"no floors file was given": lambda r: BUDGETS[r.budget].asserts_floors and r.quality.floor is None,
    r"the floors are for (\d+) seeds, and this run has (\d+)": other_seeds,
    r"this machine has no energy counter that can be read \(RAPL\)": lambda r: r.provenance.device == "cpu",
    r"not defined for boxes and masks": lambda r: r.case.task.kind in {"object_detection", "semantic_segmentation"},
    r"few labels leave no example to fit a temperature to .*": lambda r: r.case.task.shots != "all",
    r"not asked for: --columns (\w+)": lambda r, column: getattr(r, column) is None,
}


def records_of(folder):
    """The records of a folder, once it is known what in it was trained from scratch."""
    records = ResultsFolder(folder).read_all()[0]
    scratch = {
        (record.case.model.architecture, record.case.task.name)
        for record in records
        if record.case.method.name == "from_scratch"
    }
    SCRATCH.update({(record.case.id, record.budget): scratch for record in records})
    return records


def untrue(record):
    """The reasons of a record that its own facts contradict, or that nobody has thought about."""
    for path, reason in record.missing.items():
        for pattern, holds in TRUE.items():
            if found := re.fullmatch(pattern, reason):
                if not holds(record, *found.groups()):
                    yield f"{record.case.id}: {path} is null because of {reason!r}, which is not so"
                break
        else:
            yield f"{record.case.id}: {path} has the reason {reason!r}, which is not in the table of this test"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_reasons_are_true(folder):
    """Each reason for a missing value agrees with the rest of its record."""
    assert [] == [fault for record in records_of(folder) for fault in untrue(record)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_chose_is_what_was_measured(folder):
    """Where the validation split chose, the record names the metric that it chose by."""
    found = [
        (record.case.id, METRICS[named[1]], record.quality.metric)
        for record in records_of(folder)
        if (
            named := re.fullmatch(
                r"highest validation (.+) at seed 0, the first of equals", record.case.method.selection
            )
        )
    ]

    assert [] == [case_id for case_id, chosen_by, measured in found if chosen_by != measured]
