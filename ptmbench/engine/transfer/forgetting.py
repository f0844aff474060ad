"""What training on a task costs of what a network knew: its neighbours on the pictures that it was pre-trained on."""

from typing import Final

from torch import Tensor, nn

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.methods import knn
from ptmbench.engine.methods.fine_tune import body
from ptmbench.engine.methods.frozen_method import Features, FitContext
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.transfer.features import forward_all
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing

A_CLASS: Final = {"known": 10, "asked": 5}  # pictures of each class of the source
NEIGHBOURS: Final = 5
FROZEN: Final = Missing("no layer was trained: nothing can be forgotten")
ELSEWHERE: Final = Missing("the data that it was pre-trained on is not at hand: known of embedded models of pictures")


def forgetting_of(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> dict[str, float] | Missing:
    """Accuracy of nearest neighbours on the source's classes before and after training, at the first seed.

    Args:
        bench: Holds the model as it came.
        case: The case, which has run.
        run: Its run; a trained one has kept the network of its first seed.

    Returns:
        `before` and `after` as shares, and `chance`; or why there are none.
    """
    if isinstance(run, FrozenRun) or run.network is None:
        return FROZEN
    if case.model.source not in IMAGE_SOURCES or case.task.kind.dense:
        return ELSEWHERE
    model = bench.model(case, 0)
    pictures = model.preprocessing
    if not isinstance(pictures, ImagePreprocessing):
        return ELSEWHERE
    stages.HERE.at("looking for what was forgotten")
    source = IMAGE_SOURCES[case.model.source]
    drawn = {
        purpose: sample_images(source, count * source.classes, f"forgetting, {purpose}")
        for purpose, count in A_CLASS.items()
    }
    backbone = bench.backbone(case, 0)
    trained = body(run.network)
    after = nn.Sequential(backbone.trunk, trained) if run.network_of(0).fixed is not None else trained
    context = FitContext(tuple(map(str, range(source.classes))), standardise=model.standardise)

    def accuracy(network: nn.Module) -> float:
        def features(images: Tensor) -> Features:
            return forward_all(network, TensorInputs(pictures.apply(images)), bench.device).cpu().numpy()

        (known, labels), (asked, truth) = drawn["known"], drawn["asked"]
        predict = knn.fit(features(known), labels.numpy(), NEIGHBOURS, context)
        return float((predict(features(asked)).argmax(axis=1) == truth.numpy()).mean())

    return {"before": accuracy(backbone), "after": accuracy(after), "chance": 1 / source.classes}
