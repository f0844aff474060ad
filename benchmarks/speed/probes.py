"""Linear probes over five strengths, against scikit-learn's at the same objective.

    python benchmarks/speed/probes.py            # cells of up to 5,000 examples: minutes
    python benchmarks/speed/probes.py --all      # up to 20,000 examples of 2,048 features and 100 classes: hours

Each cell of the grid makes clouds of that many examples, features and classes, fits all strengths with
`ptmbench.engine.methods.logistic`, and with scikit-learn's `LogisticRegression` at the loosest tolerance whose
objective lies within 1e-4 of the optimum at every strength. How far above it the usual tolerance stops is printed too.
Both sides alternate, on one thread. Prints each cell's ratio, the least, and the median.
"""

import argparse
import itertools
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch.nn import functional

from ptmbench.engine.methods import logistic
from ptmbench.engine.seeding import numpy_generator

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # scikit-learn's usual one is the first
PROMISE = 1e-4
ROUNDS = 3
GOAL, LEAST = 10.0, 1.5
Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
Fitted = list[tuple[torch.Tensor, torch.Tensor]]


def clouds(examples: int, size: int, classes: int) -> tuple[Floats, Labels]:
    """Standardised features [n, d], whose columns depend on each other as a network's do, and labels [n]."""
    generator = numpy_generator("probes", examples, size, classes)
    labels = np.concatenate([np.arange(classes), generator.integers(0, classes, examples - classes)])
    strength = np.arange(1, size + 1) ** -0.7
    found = generator.normal(size=(examples, size)) + 0.7 * generator.normal(size=(classes, size))[labels]
    features = (found * strength) @ generator.normal(size=(size, size))
    return ((features - features.mean(0)) / features.std(0)).astype(np.float32), labels


def ours(features: Floats, labels: Labels) -> Fitted:
    """Weights and biases of each strength."""
    with torch.inference_mode():
        found = logistic.fit(torch.from_numpy(features), torch.from_numpy(labels), STRENGTHS)
    return list(zip(found.weights, found.biases, strict=True))


def theirs(features: Floats, labels: Labels, tolerance: float) -> Fitted:
    """Weights and biases of each strength; of two classes as those of two."""
    fitted = []
    for strength in STRENGTHS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=strength, tol=tolerance, max_iter=50_000).fit(features, labels)
        weights, biases = torch.as_tensor(model.coef_), torch.as_tensor(model.intercept_)
        if len(weights) == 1:
            weights, biases = torch.cat([-weights, weights]) / 2, torch.cat([-biases, biases]) / 2
        fitted.append((weights, biases))
    return fitted


def objectives(fitted: Fitted, features: Floats, labels: Labels) -> NDArray[np.float64]:
    """What each strength reached, in double precision."""
    values = []
    for (weights, biases), strength in zip(fitted, STRENGTHS, strict=True):
        logits = torch.from_numpy(features).double() @ weights.double().T + biases.double()
        shared = 2 if len(weights) == 2 else 1
        penalty = shared * weights.double().square().sum() / (2 * strength * len(labels))
        values.append(float(functional.cross_entropy(logits, torch.from_numpy(labels)) + penalty))
    return np.array(values)


def timed(call: Callable[[], Fitted]) -> tuple[float, Fitted]:
    """Seconds of a call, and what it gave."""
    started = time.perf_counter()
    found = call()
    return time.perf_counter() - started, found


def cell(examples: int, size: int, classes: int) -> float:
    """Prints one cell; returns scikit-learn's time over ours."""
    features, labels = clouds(examples, size, classes)
    reached = {tolerance: objectives(theirs(features, labels, tolerance), features, labels) for tolerance in TOLERANCES}
    own = objectives(ours(features, labels), features, labels)
    best = np.minimum(np.minimum.reduce(list(reached.values())), own)
    enough = [tolerance for tolerance, values in reached.items() if (values / best - 1).max() <= PROMISE]
    tolerance = enough[0] if enough else TOLERANCES[-1]
    pairs = [
        (timed(lambda: ours(features, labels))[0], timed(lambda: theirs(features, labels, tolerance))[0])
        for _ in range(ROUNDS)
    ]
    ratios = [other / mine for mine, other in pairs]
    print(
        f"n {examples:6} d {size:5} K {classes:4}  ours {min(mine for mine, _ in pairs):7.3f} s, excess "
        f"{(own / best - 1).max():.0e}; scikit-learn at {tolerance:.0e}{'' if enough else ' (still above)'}; usual "
        f"tolerance: excess {(reached[TOLERANCES[0]] / best - 1).max():.0e}; ratio min {min(ratios):.1f} median "
        f"{statistics.median(ratios):.1f}",
        flush=True,
    )
    return statistics.median(ratios)


def main() -> None:
    """Prints every cell, and the least and the median of their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="the large cells too")
    largest = parser.parse_args().all
    torch.set_num_threads(1)
    grid = itertools.product(
        (200, 1_000, 5_000, *([20_000] if largest else [])), (64, 512, *([2_048] if largest else [])), (2, 10, 100)
    )
    with threadpool_limits(1):
        ratios = {shape: cell(*shape) for shape in grid}
    worst = min(ratios, key=lambda shape: ratios[shape])
    print(f"least ratio {ratios[worst]:.1f} at n, d, K = {worst} (goal {LEAST})")
    print(f"ratio {statistics.median(ratios.values()):.1f} (goal {GOAL:.0f})")


if __name__ == "__main__":
    main()
