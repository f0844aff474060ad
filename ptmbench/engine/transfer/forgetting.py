"""What training on a task costs of what a network knew: the classes or the words that it was pre-trained on."""

from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor, nn

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.inputs.texts import TextPreprocessing
from ptmbench.engine.methods import knn
from ptmbench.engine.methods.fine_tune import body
from ptmbench.engine.methods.frozen_method import Features, FitContext
from ptmbench.engine.models.backbone import Backbone
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES
from ptmbench.engine.transfer.features import forward_all
from ptmbench.engine.transfer.forgotten_words import tokens_told
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing

A_CLASS: Final = {"known": 10, "asked": 5}  # pictures of each class of the source
NEIGHBOURS: Final = 5
CLASSES: Final = "pre-training classes, by five nearest neighbours"
TOKENS: Final = "held-out tokens of the source, by the head of pre-training"
FROZEN: Final = Missing("no layer was trained: nothing can be forgotten")
CONTROL: Final = Missing("a control: nothing was pre-trained")
ELSEWHERE: Final = Missing("known of embedded models that give features: their sources come with the package")
NO_LOSS: Final = Missing("nearest neighbours have no loss")
NO_CHANCE: Final = Missing("tokens are not equally frequent")


def forgetting_of(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> Mapping[str, Any] | Missing:
    """What the network of the first seed still tells of its source, before and after training.

    Args:
        bench: Holds the model as it came.
        case: The case, which has run.
        run: Its run; a trained one has kept the network of its first seed.

    Returns:
        The fields of `ForgettingRecord`, or why there are none.
    """
    if isinstance(run, FrozenRun) or run.network is None:
        return FROZEN
    if case.model.random:
        return CONTROL
    if case.task.kind.dense or not case.model.embedded:
        return ELSEWHERE
    stages.HERE.at("looking for what was forgotten")
    trained, divided = body(run.network), run.network_of(0).fixed is not None
    preprocessing = bench.model(case, 0).preprocessing
    if case.model.source in IMAGE_SOURCES and isinstance(preprocessing, ImagePreprocessing):
        return _classes(bench, case, trained, divided=divided)
    if case.model.source in TEXT_SOURCES and isinstance(preprocessing, TextPreprocessing):
        return _tokens(bench, case, trained, preprocessing)
    return ELSEWHERE


def _classes(bench: Workbench, case: Case, trained: nn.Module, *, divided: bool) -> Mapping[str, Any]:
    """Accuracy of nearest neighbours on pictures of the source's classes."""
    source, model = IMAGE_SOURCES[case.model.source], bench.model(case, 0)
    pictures = model.preprocessing
    assert isinstance(pictures, ImagePreprocessing)
    drawn = {
        purpose: sample_images(source, count * source.classes, f"forgetting, {purpose}")
        for purpose, count in A_CLASS.items()
    }
    backbone = bench.backbone(case, 0)
    after = nn.Sequential(backbone.trunk, trained) if divided else trained
    context = FitContext(tuple(map(str, range(source.classes))), standardise=model.standardise)

    def accuracy(network: nn.Module) -> float:
        def features(images: Tensor) -> Features:
            return forward_all(network, TensorInputs(pictures.apply(images)), bench.device).cpu().numpy()

        (known, labels), (asked, truth) = drawn["known"], drawn["asked"]
        predict = knn.fit(features(known), labels.numpy(), NEIGHBOURS, context)
        return float((predict(features(asked)).argmax(axis=1) == truth.numpy()).mean())

    return {
        "of": CLASSES,
        "before": accuracy(backbone),
        "after": accuracy(after),
        "chance": 1 / source.classes,
        "loss_before": NO_LOSS,
        "loss_after": NO_LOSS,
    }


def _tokens(bench: Workbench, case: Case, trained: nn.Module, text: TextPreprocessing) -> Mapping[str, Any]:
    """The share of the source's held-out tokens that the language model tells, and its loss."""
    backbone = bench.model(case, 0).backbone
    if isinstance(trained, Backbone):
        parts = trained.trunk, trained.tail
    else:
        assert isinstance(trained, nn.Sequential)
        parts = backbone.trunk, trained[0]
    before, after = (
        tokens_told(case.model, text.tokenizer, nn.Sequential(*pair), bench.device)
        for pair in ((backbone.trunk, backbone.tail), parts)
    )
    return {
        "of": TOKENS,
        "before": before.accuracy,
        "after": after.accuracy,
        "chance": NO_CHANCE,
        "loss_before": before.loss,
        "loss_after": after.loss,
    }
