"""Tests of who can be recommended."""

from ptmbench.catalog.builtin import MODELS, TASKS
from ptmbench.catalog.cases import named
from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.running import candidates
from ptmbench.running.candidates import candidates_of


def test_public_models_are_candidates_where_they_are_on_disk(monkeypatch):
    """Nothing is downloaded to decide: what is not there is no candidate, and what is there is one."""
    task = named("task", "digits_full", TASKS)
    for there in (False, True):
        monkeypatch.setattr(candidates, "model_there", lambda _model, there=there: there)
        found = {model.name for model in candidates_of(ALL_MODELS, task, typed=False)}
        assert there == ("resnet18" in found)


def test_detectors_are_candidates_of_boxes_alone():
    """Models are asked for what they give."""
    boxes = {model.name for model in candidates_of(MODELS, named("task", "scene_boxes_full", TASKS), typed=False)}

    assert boxes == {
        "fasterrcnn_tiny.glyphs", "fasterrcnn_tiny.glyphs_simclr", "yolo_tiny.glyphs", "yolo_tiny.glyphs_simclr",
    }  # fmt: skip
