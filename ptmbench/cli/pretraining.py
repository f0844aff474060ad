"""`ptmbench pretrain`: trains embedded checkpoints anew; it imports the engine when it runs."""

import argparse
import functools
from typing import Any

from tqdm import tqdm

from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.checkpoint_cards import Card, load_card, weights_path
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import PtmbenchError, UnknownName
from ptmbench.outlet import say


def pretrain(arguments: argparse.Namespace) -> int:
    """Trains the named checkpoints anew, shows progress, writes weights and card, and compares with the shipped.

    A stopped one leaves `NAME.partial` in the folder, and the same command goes on from there.
    """
    recipes = {spec.name: spec for spec in PRETRAINING}
    for name in arguments.names:
        if name not in recipes:
            raise UnknownName("pre-trained model", name, recipes)
    from ptmbench.engine.device import resolve
    from ptmbench.engine.pretraining.checkpoints import write_checkpoint
    from ptmbench.engine.pretraining.objectives import pretrain as run_recipe

    for name in arguments.names:
        spec = recipes[name]
        resolve(check_settings(device="cpu", threads=spec.threads))
        partial = arguments.out / f"{name}.partial"
        with tqdm(total=spec.recipe.steps, desc=name, unit="step") as bar:
            result = run_recipe(spec, functools.partial(_advance, bar), partial)
        shipped = _shipped(name)  # read first: the folder may be the package's own
        card = write_checkpoint(spec, result, arguments.out)
        partial.unlink(missing_ok=True)
        say(f"{weights_path(name, arguments.out)}: sha256 {card.sha256}")
        figures = ", ".join(f"{figure} {value:.4g}" for figure, value in card.held_out.items())
        say(f"on {card.held_out_examples:,} held-out examples of {spec.source}: {figures}")
        say(_compared(shipped, card.sha256))
    return 0


def _advance(bar: "tqdm[Any]", step: int, loss: float) -> None:
    bar.update(step - bar.n)
    bar.set_postfix(loss=f"{loss:.3f}")


def _shipped(name: str) -> Card | None:
    try:
        return load_card(name)
    except PtmbenchError:
        return None


def _compared(shipped: Card | None, sha256: str) -> str:
    if shipped is None:
        return "no checkpoint of this name is shipped"
    if shipped.sha256 == sha256:
        return "equal to the shipped checkpoint, bit for bit"
    return (
        f"differs from the shipped {shipped.sha256[:12]}, which another machine or other versions made "
        f"({shipped.machine.cpu}, torch {shipped.packages.get('torch')})"
    )
