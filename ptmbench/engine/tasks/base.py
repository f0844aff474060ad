"""What a kind of task gives: metric, head and loss. All kinds train a linear head by cross-entropy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from ptmbench.engine.metrics import Labels
from ptmbench.engine.seeding import seeded_draws
from ptmbench.statistics.tallies import Parts, Ratios, value_of

TOKENS = "tokens"  # poolings of this prefix keep one vector a token


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task. Its functions take predicted labels, true labels, labels an example [n], and class names.

    `parts` gives what each example adds to numerator and denominator of the metric, which is the ratio of their sums.
    """

    metric: str
    higher_is_better: bool
    parts: Callable[[Labels, Labels, Labels, tuple[str, ...]], Parts]
    other_scores: Callable[[Labels, Labels, Labels, tuple[str, ...]], dict[str, float]]
    reads_tokens: bool

    def score(self, predicted: Labels, truth: Labels, lengths: Labels, classes: tuple[str, ...]) -> float:
        """The metric over all examples."""
        return value_of(Ratios(self.parts(predicted, truth, lengths, classes)))

    def poolings(self, offered: Iterable[str]) -> tuple[str, ...]:
        """Those of a model's poolings that fit: a vector a token, or one an example."""
        return tuple(name for name in offered if name.startswith(TOKENS) == self.reads_tokens)


def head(feature_size: int, classes: int, seed: int) -> nn.Linear:
    """A new linear classifier; the same at one seed for every method."""
    with seeded_draws("head", feature_size, classes, seed):
        return nn.Linear(feature_size, classes)


def loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of logits [..., classes] at targets [...]; targets of -100 are left out."""
    return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())
