"""Tests of the evidence: what is left out stays out, and packing loses nothing."""

import json

import numpy as np
import pytest
from hearsay import ZOO, evidence_of
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.catalog.traits import Serves, TaskKind
from ptmbench.recommendation.evidence import EVIDENCE, evidence, packed, unpacked


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_packed_answers_come_back(hits):
    """Hexadecimal digits hold every answer, whatever their number."""
    array = np.array(hits)

    assert hits == unpacked(packed(array), len(hits)).tolist()


def test_a_data_set_that_is_left_out_leaves_nothing():
    """No row, no task and no rank knows it any more."""
    known = evidence_of(ZOO)
    left = known.without("set0")

    assert {"set1", "set2", "set3"} == set(left.data_sets)
    assert not [row for row in left.rows if row.task.startswith("set0")]
    assert len(known.rows) * 3 // 4 == len(left.rows)


def test_nothing_is_taken_from_tasks_of_another_kind():
    """Labels of pictures say nothing of masks or texts: neither a prediction nor an interval may rest on them."""
    known = evidence_of(ZOO)

    assert known == known.of_kind(TaskKind.IMAGE_CLASSIFICATION)
    for other in (TaskKind.SEMANTIC_SEGMENTATION, TaskKind.OBJECT_DETECTION, TaskKind.TOKEN_CLASSIFICATION):
        assert not known.of_kind(other).rows


def test_static_ranks_follow_the_quality():
    """Over many tasks the best model has the best mean rank, and a model that nobody knows has none."""
    ranks = evidence_of(ZOO).static_ranks(["awful", "best", "unknown"])

    assert ranks["best"] < ranks["awful"]
    assert "unknown" not in ranks


def test_the_static_method_is_the_one_that_was_best():
    """Full training lies above the probe in the evidence, and that is what a static ranking takes."""
    known = evidence_of(ZOO)

    assert "fine_tune" == known.static_method("best", ["linear_probe", "fine_tune"], few_shot=True)
    assert known.static_method("unknown", ["linear_probe"], few_shot=True) is None


def test_what_ships_covers_every_candidate_on_every_task_of_labels():
    """The packaged evidence holds each pre-trained embedded model by each of its methods, rehearsed and in full."""
    found = evidence()
    tasks = {task.name: task.kind.modality for task in TASKS if not task.kind.dense}
    models = {model.name: model.modalities for model in MODELS if model.pretrained and model.serves is Serves.FEATURES}

    assert set(tasks) == set(found.tasks)
    wanted = {(model, task) for model, own in models.items() for task, modality in tasks.items() if modality in own}
    assert wanted == {(row.candidate.model, row.task) for row in found.rows}
    assert {row.candidate.method for row in found.rows} <= {method.name for method in METHODS}
    for row in found.rows:
        assert (1 if row.candidate.frozen else 2) == len(row.rehearsals), row


def test_what_ships_names_a_clean_commit():
    """A figure that decisions rest on can be measured again."""
    assert "-dirty" not in json.loads(EVIDENCE.read_text())["commit"]


def test_a_single_known_model_has_no_rank():
    """There is nothing to rank it among, and no number that is none comes out."""
    assert {} == evidence_of(ZOO).static_ranks(["best", "unknown"])


def test_a_single_method_is_the_static_one():
    """Where a user leaves one method, there is nothing to rank, and it is taken."""
    assert "fine_tune" == evidence_of(ZOO).static_method("best", ["fine_tune"], few_shot=True)
    assert "fine_tune" == evidence_of(ZOO).static_method("best", ["unknown", "fine_tune"], few_shot=False)


@pytest.mark.parametrize("asked", ["set0?train=100&val=20", "set0?score=validation", "set0?shots=5"])
def test_another_amount_of_a_data_set_is_the_same_data_set(asked):
    """Whoever asks for a part of a data set is not answered from records of the whole of it."""
    assert "set0" not in evidence_of(ZOO).without(asked).data_sets
