"""Training steps against the Trainer of transformers and a plain loop, on the same batches in the same precision.

    pip install accelerate                  the Trainer needs it
    python benchmarks/speed/training.py     a small BERT, ResNet-18 and a small ViT; one thread, fp32

Runs alternate. Each takes as many steps with AdamW on batches of 32 that lie in memory. The plain loop is written as
timm's is: the loss is read at every step to be averaged. Prints seconds and the minimum and median ratio of each to
ours, and ends with `ratio X (goal 1.05)`, the least median of all.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18
from torchvision.models.vision_transformer import VisionTransformer
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from ptmbench.catalog.builtin import METHODS
from ptmbench.engine.device import Device
from ptmbench.engine.seeding import torch_generator
from ptmbench.engine.transfer.training import batch_indices, train

GOAL = 1.05
ROUNDS, STEPS, BATCH, EXAMPLES, CLASSES = 5, 30, 32, 320, 10
RATE, DECAY = 1e-4, 0.01
RECIPE = next(method.recipe for method in METHODS if method.name == "fine_tune")


class Answers(nn.Module):
    """A network with the loss that the Trainer asks its models for."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The loss and the logits of a batch."""
        logits = self.network(inputs)
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


class Logits(nn.Module):
    """A language model as a network of logits."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        """Logits [n, classes] of token ids [n, l]."""
        logits: Tensor = self.model(input_ids=ids).logits
        return logits


@dataclass(frozen=True, slots=True)
class Setting:
    """A kind of network and its inputs [EXAMPLES, ...]."""

    name: str
    make: Callable[[], nn.Module]
    inputs: Tensor


def settings() -> list[Setting]:
    """The three kinds."""
    generator = torch_generator("speed of training")
    pixels = torch.randn(EXAMPLES, 3, 64, 64, generator=generator)
    ids = torch.randint(5, 1_000, (EXAMPLES, 64), generator=generator)
    bert = BertConfig(
        vocab_size=1_000, hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=512
    )  # fmt: skip
    bert.num_labels = CLASSES
    return [
        Setting("small BERT, 64 tokens", lambda: Logits(BertForSequenceClassification(bert)), ids),
        Setting("ResNet-18, 64 px", lambda: resnet18(num_classes=CLASSES), pixels),
        Setting("small ViT, 64 px", lambda: VisionTransformer(64, 8, 6, 3, 192, 768, num_classes=CLASSES), pixels),
    ]


def ours(setting: Setting, labels: Tensor) -> float:
    """Seconds of our loop."""
    device = Device("cpu", "fp32", 1)
    network = device.place(setting.make())
    assert RECIPE is not None
    order = batch_indices(EXAMPLES, BATCH, STEPS, torch_generator("order"))

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for index in order:
            yield device.put(setting.inputs[index]), labels[index]

    def loss(module: nn.Module, inputs: Any, targets: Any) -> Tensor:
        return functional.cross_entropy(module(inputs), targets)

    started = time.perf_counter()
    train(network, batches(), loss, RECIPE)
    return time.perf_counter() - started


def plain(setting: Setting, labels: Tensor) -> float:
    """Seconds of a loop such as timm's."""
    network = setting.make().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    seen, started = 0.0, time.perf_counter()
    for index in batch_indices(EXAMPLES, BATCH, STEPS, torch_generator("order")):
        loss = functional.cross_entropy(network(setting.inputs[index]), labels[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += loss.item() * len(index)
    return time.perf_counter() - started


def by_trainer(setting: Setting, labels: Tensor) -> float:
    """Seconds of transformers' Trainer, from the call of `train`."""
    rows = [{"inputs": row, "labels": label} for row, label in zip(setting.inputs, labels, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, max_steps=STEPS, per_device_train_batch_size=BATCH, learning_rate=RATE,
            weight_decay=DECAY, lr_scheduler_type="constant", report_to="none", save_strategy="no",
            logging_strategy="no", disable_tqdm=True, use_cpu=True, dataloader_pin_memory=False, max_grad_norm=0.0,
        )  # fmt: skip
        trainer = Trainer(model=Answers(setting.make()), args=arguments, train_dataset=rows)
        started = time.perf_counter()
        trainer.train()
        return time.perf_counter() - started


def main() -> None:
    """Alternates the three for each kind of network, and prints the ratios."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    labels = torch.randint(0, CLASSES, (EXAMPLES,), generator=torch_generator("labels"))
    sides = {"Trainer": by_trainer, "plain loop": plain}
    least = float("inf")
    for setting in settings():
        for run in (ours, *sides.values()):
            run(setting, labels)
        rounds = [[run(setting, labels) for run in (ours, *sides.values())] for _ in range(ROUNDS)]
        mine = median(row[0] for row in rounds)
        for place, name in enumerate(sides, 1):
            ratios = [row[place] / row[0] for row in rounds]
            least = min(least, median(ratios))
            print(
                f"{setting.name}: ours {mine:.2f} s, {name} min and median ratio {min(ratios):.2f} {median(ratios):.2f}"
            )
    print(f"ratio {least:.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
