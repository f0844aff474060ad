"""How much the harness adds to a loop written by hand that does the same training steps.

    python benchmarks/speed/overhead.py

Trains the same network on the same batches for the same steps, once through a trained case of the runner (`run`,
which also predicts the test split) and once by a bare loop of torch calls with the same predictions. Runs alternate;
the ratio is of the medians. Expected: below 1.05.
"""

import statistics
import time

import torch
from torch.nn import functional

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.seeding import torch_generator
from ptmbench.engine.transfer.training import batch_indices
from ptmbench.engine.workbench import Workbench

CASE = find_case("vgg_tiny.glyphs", "digits_20shot", "fine_tune")
ROUNDS = 9


def by_hand(bench: Workbench) -> float:
    """Seconds of the bare loop, predictions of the test split and of the training examples included."""
    data, recipe = bench.task_data(CASE), CASE.method.recipe
    assert recipe is not None
    steps = bench.settings.budget.steps
    kept, labels = bench.encoded(CASE).inputs, torch.from_numpy(data.labels)
    inputs = next(kept.batches([range(len(kept))]))
    drawn = data.training_examples(CASE.task.shots, 0)
    network = bench.network(CASE, 0).trained.to(memory_format=torch.channels_last)
    started = time.perf_counter()
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    network.train()
    for index in batch_indices(len(drawn), recipe.batch_size, steps, torch_generator("by hand")):
        chosen = drawn[index]
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(
            network(inputs[chosen].contiguous(memory_format=torch.channels_last)), labels[chosen]
        )
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.inference_mode():
        for part in (torch.tensor(data.split.test), drawn):
            for batch in inputs[part].split(256):
                network(batch.contiguous(memory_format=torch.channels_last)).argmax(1)
    return time.perf_counter() - started


def by_harness(bench: Workbench) -> float:
    """Seconds of the timed region of the same case."""
    return run(bench, prepare(bench, CASE)).duration_s


def main() -> None:
    """Alternates both and prints the ratio of their medians."""
    bench = Workbench(check_settings(budget="quick", device="cpu", measures_latency=False))
    by_hand(bench), by_harness(bench)
    pairs = [(by_hand(bench), by_harness(bench)) for _ in range(ROUNDS)]
    hand, harness = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"by hand {hand:.3f} s, harness {harness:.3f} s, ratio {harness / hand:.3f} ({CASE.id}, {ROUNDS} rounds)")


if __name__ == "__main__":
    main()
