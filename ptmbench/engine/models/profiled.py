"""What `ptmbench profile` measures of a model."""

from torch import nn

from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.pictures import Preprocessing
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.provider import provider_of

CLASSES = 20  # that a detector or segmenter is profiled with, as many as Pascal VOC has


def profiled(spec: ModelSpec) -> tuple[nn.Module, Preprocessing, str]:
    """Network, preprocessing, and the scope of a detector or segmenter.

    A provider may say what it is; else a backbone by itself, and a detector or segmenter for `CLASSES` classes.
    """
    provider = provider_of(spec)
    if provider.profiled:
        return provider.profiled(spec)
    model = provider.build(spec, 0)
    if isinstance(model, LoadedModel):
        return model.backbone, model.preprocessing, ""
    return model.assemble(CLASSES, 0), model.preprocessing, f"{model.scope}, {CLASSES} classes"
