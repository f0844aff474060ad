"""Probes of real weights beside figures that were measured independently, and what makes them differ.

Run in the folder that results/real/README.md describes, with the embedded package importable:

    python benchmarks/validation/reference_figures.py

The independent figures come from scikit-learn's logistic regression on features of the last layer, its C chosen on a
fifth of the training split and then fitted to *all* of it, on pictures brought to 224 x 224 whole. ptmbench keeps the
validation split out of the fit, and prepares pictures as the weights' publisher does: shorter side to 256, 224 from the
middle, which cuts an eighth off each picture's width and height.
"""

from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tabulate import tabulate

from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import Case
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.metrics import Labels
from ptmbench.engine.workbench import Workbench

IMAGES = {
    ("squeezenet1_1", "cifar10_subset"): 0.752,
    ("squeezenet1_1", "fashion_mnist_subset"): 0.859,
    ("mobilenet_v2", "cifar10_subset"): 0.794,
    ("mobilenet_v2", "fashion_mnist_subset"): 0.855,
}
ENTITIES = 0.266
MIDDLE = 0.01  # of the grid: on 400 validation examples neighbouring values of C are not told apart
TEXTS = {
    ("minilm_l6", "sst2"): 0.810,
    ("minilm_l6", "trec"): 0.902,
    ("llama_260k", "sst2"): 0.605,
    ("llama_260k", "trec"): 0.644,
}


def accuracies(bench: Workbench, case: Case, pooling: str | None) -> tuple[float, float, float]:
    """Test accuracy at the C that validation chooses, fitted to training examples alone and to both; at C = 0.01."""
    data, features = bench.task_data(case), bench.features(case, 0, pooling).array
    parts = [np.asarray(part) for part in (data.split.train, data.split.validation, data.split.test)]
    train, held, test = parts

    def accuracy(strength: float, fitted: Labels, scored: Labels) -> float:
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=3_000))
        pipeline.fit(features[fitted], data.labels[fitted])
        return float(np.mean(pipeline.predict(features[scored]) == data.labels[scored]))

    chosen = max(case.method.grid, key=lambda strength: accuracy(strength, train, held))
    both = np.concatenate([train, held])
    return accuracy(chosen, train, test), accuracy(chosen, both, test), accuracy(MIDDLE, both, test)


def entity_f1(bench: Workbench, case: Case) -> tuple[float, float]:
    """Entity F1 of the last layer's first sub-words at C = 0.01, fitted to training examples alone, and to both."""
    run, found = bench.rows(case), []
    data, features, scorer = bench.task_data(case), bench.features(case, 0, "tokens").array, bench.scorer(case)
    test = np.asarray(data.split.test)
    for fitted in (data.split.train, data.split.train + data.split.validation):
        chosen = np.asarray(fitted)
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=3_000))
        pipeline.fit(run.pick(features[chosen], chosen), run.labels(chosen))
        found.append(scorer.score(run.spread(pipeline.predict(run.pick(features[test], test)), test), test))
    return found[0], found[1]


def whole_pictures(bench: Workbench, case: Case) -> Workbench:
    """The workbench with the case's model taking pictures whole, at the same side."""
    other = Workbench(bench.settings)
    loaded = bench.model(case, 0)
    assert isinstance(loaded.preprocessing, ImagePreprocessing)
    whole = replace(loaded, preprocessing=replace(loaded.preprocessing, resize=None))
    other._models[case.model.name, 0] = whole  # noqa: SLF001  no user needs another preprocessing than the weights'
    return other


def main() -> None:
    """Prints a line for each model and data set."""
    entries, bench, rows = entries_of(), Workbench(check_settings()), []
    for (model, task), figure in {**IMAGES, **TEXTS}.items():
        case = entries.find(model, f"{task}_full", "linear_probe")
        picture = (model, task) in IMAGES
        ours, refitted, middle = accuracies(bench, case, None if picture else "mean")
        if picture:
            _, refitted, middle = accuracies(whole_pictures(bench, case), case, None)
        rows.append([model, task, ours, refitted, middle, figure])
        print(rows[-1], flush=True)
    f1 = entity_f1(bench, entries.find("minilm_l6", "wnut17_full", "linear_probe"))
    rows.append(["minilm_l6", "wnut17, last layer, C = 0.01", f1[0], None, f1[1], ENTITIES])
    headers = ["model", "data", "ptmbench", "whole, on train + validation", "likewise, C = 0.01", "independent"]
    print(tabulate(rows, headers, floatfmt=".3f", missingval="-"))


if __name__ == "__main__":
    main()
