"""The model cards of the embedded checkpoints as one page of the documentation, from the cards beside the weights.

python benchmarks/recording/model_cards.py      writes docs/model-cards.md
"""

import textwrap
from pathlib import Path

from ptmbench.catalog.builtin import MODELS, PRETRAINING, TASKS
from ptmbench.catalog.checkpoint_cards import Card, load_card

PAGE = Path(__file__).parents[2] / "docs" / "model-cards.md"
WIDTH = 120
LEAD = """\
# Model cards

One for each checkpoint that ships with ptmbench, after Mitchell et al., *Model Cards for Model Reporting*
([2019](https://arxiv.org/abs/1810.03993)). This page is written by `benchmarks/recording/model_cards.py` from the JSON
cards [beside the weights](../ptmbench/zoo/README.md), which `ptmbench pretrain` writes, and a test holds it to them.
What each checkpoint is worth on the tasks stands in [the committed tables](../results/README.md);
`ptmbench report FOLDER --card MODEL` writes a page of those figures for one model.
"""
HEADINGS = (
    *("Details", "Intended use", "Training data", "Training", "Evaluation", "Overlap with tasks"),
    *("Ethical considerations", "Limits"),
)
INPUTS = {
    "image": "pictures with three channels, of 32x32 pixels in pre-training",
    "text": "lower-case text, in pieces of a vocabulary that was made from the source",
}
SOURCES = {
    "glyphs": "made-up characters of one to four chained strokes, 160 classes, drawn by a program",
    "fractals": "attractors of iterated function systems, 160 classes, drawn by a program",
    "waves": "fields of interfering plane waves, 160 classes, drawn by a program",
    "invented": "reviews and reports in English grammar with made-up words, written by a program",
    "manuals": "the prose in the documentation, docstrings and comments of Python's standard library (PSF licence)",
}
OBJECTIVES = {
    "cross_entropy": "supervised: cross-entropy on the classes of the source",
    "vae": "unsupervised: the evidence lower bound of a variational autoencoder",
    "wgan_gp": "unsupervised: a Wasserstein GAN with gradient penalty; its critic is the feature extractor",
    "simclr": "self-supervised: two views of a picture against all others",
    "masked_lm": "self-supervised: words are hidden and guessed",
    "causal_lm": "self-supervised: the next token is guessed",
}
INTENDED = (
    "To compare ways of transferring a pre-trained model on a machine without downloads, and to try changes of code. "
    "Not for a task of your own, and no stand-in for large members of its family."
)
ETHICS = {
    "image": "Drawn pictures show no persons and nothing of the world.",
    "invented": "The text is made up, names included: no person, place or firm is meant.",
    "manuals": "Technical prose, which may name authors in passing.",
}


def page() -> str:
    """The whole page, which ends with a line break."""
    return "\n".join([LEAD, *(_section(load_card(spec.name)) for spec in PRETRAINING)]).rstrip() + "\n"


def _section(card: Card) -> str:
    parts = zip(HEADINGS, _texts(card), strict=True)
    told = "\n".join(f"### {heading}\n\n{_filled(text)}\n" for heading, text in parts)
    return f"## {card.name}\n\n{told}"


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _texts(card: Card) -> tuple[str, ...]:
    """The text below each heading."""
    text = card.objective.endswith("_lm")
    recipe = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in card.recipe.items())
    held_out = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in card.held_out.items())
    details = (
        f"Architecture `{card.architecture}`, {card.parameters:,} parameters, {card.size_bytes / 1e6:.2f} MB, made by "
        f"the contributors of ptmbench. Input: {INPUTS['text' if text else 'image']}. Licence: {card.licence}. Weights "
        f"sha256: `{card.sha256}`. [Card as JSON](../ptmbench/zoo/{card.name}.json)."
    )
    training = (
        f"Objective `{card.objective}`, {OBJECTIVES[card.objective]}. Recipe: {recipe}. Seed {card.seed}, "
        f"{card.threads} threads, {card.pretrain_time_s:.0f} s on {card.machine.cpu}, {card.machine.cores} cores. "
        f"`{card.reproduce}` makes it again: the same machine and versions give the same sha256."
    )
    evaluation = (
        f"On {card.held_out_examples:,} examples of its own source that it never saw: {held_out}. The tables try it on "
        f"{', '.join(_data_sets(card.name))}."
    )
    data = f"`{card.source}`: {SOURCES[card.source]}; {card.source_examples:,} examples."
    overlap = f"{card.overlap[0].upper()}{card.overlap[1:].rstrip('.')}."
    ethics = ETHICS[card.source if text else "image"]
    return details, INTENDED, data, training, evaluation, overlap, ethics, card.limits


def _data_sets(name: str) -> list[str]:
    """The data sets with labels that the committed tables try the checkpoint on."""
    modalities = next(model.modalities for model in MODELS if model.name == name)
    fit = [task.dataset for task in TASKS if task.kind.modality in modalities and not task.kind.dense]
    return [f"`{dataset}`" for dataset in dict.fromkeys(fit)]


if __name__ == "__main__":
    PAGE.write_text(page())
