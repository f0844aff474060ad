"""Writes what pre-training left: the weights, the card, and a picture where there is one to see."""

import io
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ptmbench.catalog.checkpoint_cards import (
    LICENCE,
    LIMITS,
    NO_OVERLAP,
    TEXT_LIMITS,
    TEXT_OVERLAP,
    Card,
    card_path,
    recipe_fields,
    sha256_of,
    weights_files,
)
from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.engine.pretraining.objectives import Pretrained
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES, fingerprints
from ptmbench.records import environment

SAMPLES_A_ROW = 16
ENLARGED = 2  # a sample of 32 px is hard to see


def contact_sheet(samples: Tensor) -> bytes:
    """Pictures [n, 3, h, w] (uint8), sixteen a row with a white pixel between, as the content of a PNG file."""
    count, _, height, width = samples.shape
    rows = -(-count // SAMPLES_A_ROW)
    sheet = torch.full(
        (rows * (height + 1) + 1, min(count, SAMPLES_A_ROW) * (width + 1) + 1, 3), 255, dtype=torch.uint8
    )
    for index, sample in enumerate(samples):
        top, left = (
            place * (side + 1) + 1 for place, side in zip(divmod(index, SAMPLES_A_ROW), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = sample.permute(1, 2, 0)
    picture = Image.fromarray(sheet.numpy())
    stream = io.BytesIO()
    picture.resize((picture.width * ENLARGED, picture.height * ENLARGED), Image.Resampling.NEAREST).save(stream, "PNG")
    return stream.getvalue()


def write_checkpoint(spec: PretrainingSpec, result: Pretrained, folder: Path) -> Card:
    """Writes the files, the card `NAME.json` and, if there are samples, `NAME.png`; returns the card."""
    outcome = result.outcome
    for name, content in outcome.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    picture = None
    if outcome.samples is not None:
        picture = f"{spec.name}.png"
        (folder / picture).write_bytes(contact_sheet(outcome.samples))
    text = TEXT_SOURCES.get(spec.source)
    contents = [content for _, content in weights_files(spec.name, folder)]
    card = Card(
        name=spec.name,
        architecture=spec.architecture,
        objective=spec.objective,
        source=spec.source,
        source_examples=spec.examples,
        source_fingerprints=fingerprints() if text else {},
        recipe=recipe_fields(spec),
        seed=spec.seed,
        threads=spec.threads,
        parameters=outcome.parameters,
        size_bytes=sum(map(len, contents)),
        sha256=sha256_of(contents),
        held_out=outcome.held_out,
        held_out_examples=outcome.held_out_examples,
        pretrain_time_s=round(result.pretrain_time_s, 1),
        samples=picture,
        samples_show=outcome.samples_show,
        packages=environment.packages(),
        machine=environment.machine(environment.NO_GPU, torch.get_num_threads()),
        licence=LICENCE,
        reproduce=f"ptmbench pretrain {spec.name}",
        overlap=TEXT_OVERLAP[spec.source] if text else NO_OVERLAP,
        limits=TEXT_LIMITS if text else LIMITS,
    )
    card_path(spec.name, folder).write_text(card.model_dump_json(indent=1) + "\n")
    return card
