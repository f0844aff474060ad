"""Which learner serves which objective, and the whole of a pre-training: render, train, measure, write."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ptmbench.catalog.spec import Objective, PretrainingSpec
from ptmbench.engine.pretraining import (
    adversarial,
    causal_lm,
    contrastive,
    masked_lm,
    reconstruction,
    supervised,
)
from ptmbench.engine.pretraining.learner import Learner, OnStep, Outcome, run

LEARNERS: Final[dict[Objective, Callable[[PretrainingSpec], Learner]]] = {
    "cross_entropy": supervised.learner,
    "vae": reconstruction.learner,
    "wgan_gp": adversarial.learner,
    "simclr": contrastive.learner,
    "masked_lm": masked_lm.learner,
    "causal_lm": causal_lm.learner,
}


@dataclass(frozen=True, slots=True)
class Pretrained:
    """What a pre-training ships, and the seconds its steps took with the rendering of the source."""

    outcome: Outcome
    pretrain_time_s: float


def pretrain(spec: PretrainingSpec, on_step: OnStep | None = None, partial: Path | None = None) -> Pretrained:
    """Trains the recipe from its beginning, or from what an interrupted one left in the file `partial`."""
    started = time.perf_counter()
    learner = LEARNERS[spec.objective](spec)
    rendering_s = time.perf_counter() - started
    elapsed = run(learner, partial, on_step)
    return Pretrained(learner.outcome(), rendering_s + elapsed)
