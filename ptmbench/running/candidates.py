"""Who can be recommended: the models that a user names, or all that are on this disk."""

from collections.abc import Sequence

from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import why_no_case
from ptmbench.catalog.hub_models import HUB_MODELS
from ptmbench.catalog.presence import model_there
from ptmbench.catalog.spec import ModelSpec, TaskSpec


def candidates_of(models: Sequence[ModelSpec], task: TaskSpec, *, typed: bool) -> tuple[ModelSpec, ...]:
    """The models that can be picked: those that were named, else all of the task's kind that are on this disk."""
    own = [model for model in models if model.pretrained or (typed and not model.random)]
    if typed:
        return tuple(own)
    hub = set(HUB_MODELS)
    there = [model for model in own if model.serves is task.kind.asks and (model not in hub or model_there(model))]
    return tuple(model for model in there if any(why_no_case(model, task, method) is None for method in METHODS))
