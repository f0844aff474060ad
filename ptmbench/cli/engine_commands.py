"""`ptmbench profile`, `pretrain` and `doctor`: the commands that need the engine, and import it when they run."""

import argparse
import functools
import json
import os
import sys
from dataclasses import asdict, replace
from typing import Any

from tabulate import tabulate
from tqdm import tqdm

import ptmbench
from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.checkpoint_cards import Card, load_card, sha256_of, weights_files, weights_path
from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.schemes import model_scheme
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import Modality
from ptmbench.errors import PtmbenchError, UnknownName, UsageError
from ptmbench.records import environment
from ptmbench.records.measured import Footprint, LatencySamples, Missing


def profile(arguments: argparse.Namespace) -> int:
    """Prints what a model costs at a batch size."""
    if arguments.batch_size < 1:
        raise UsageError(f"expected a batch size of at least 1, got {arguments.batch_size}")
    settings = check_settings(device=arguments.device, precision=arguments.precision, threads=arguments.threads)
    spec = model_spec(arguments.model, ALL_MODELS)
    from ptmbench.engine.cost.footprint import measure
    from ptmbench.engine.device import resolve
    from ptmbench.engine.models.profiled import profiled

    device = resolve(settings)
    network, preprocessing, scope = profiled(spec)
    shape = _shape(preprocessing.shape, arguments.sequence_length, spec)
    example = functools.partial(preprocessing.example, shape=shape)
    measured = measure(network, example, device, batch_size=arguments.batch_size)
    found = replace(measured, scope=scope or measured.scope)
    head = {"model": spec.name, "reference": spec.reference, "input_shape": list(shape)}
    place = {"device": device.type, "precision": device.precision, "threads": device.threads}
    fields = {**head, **place, **footprint_fields(found)}
    if arguments.json:
        print(json.dumps(fields, indent=1))
    else:
        print(tabulate([(name, _shown(value)) for name, value in fields.items()], disable_numparse=True))
    return 0


def _shape(largest: tuple[int, ...], length: int | None, spec: ModelSpec) -> tuple[int, ...]:
    """The shape of one input: the model's own, or that many tokens of text."""
    if length is None:
        return largest
    if not model_scheme(spec.provider).tokens or Modality.TEXT not in spec.modalities:
        raise UsageError(f"--sequence-length counts tokens, and {spec.name} takes inputs of shape {list(largest)}")
    if not 1 <= length <= largest[0]:
        raise UsageError(f"{spec.name} takes 1 to {largest[0]} tokens, got --sequence-length {length}")
    return (length,)


def footprint_fields(found: Footprint) -> dict[str, object]:
    """The footprint with units in its names; what is missing is null, its reason under `missing`."""
    missing: dict[str, str] = {}
    fields: dict[str, object] = {}
    for name, value in asdict_shallow(found).items():
        if isinstance(value, Missing):
            missing[name] = value.reason
            fields[name] = None
        elif isinstance(value, LatencySamples):
            from ptmbench.running.assembly import summarise_latency

            summary = summarise_latency(value, found.scope)
            fields |= {"batch_size": value.batch_size, "latency_p50_s": summary.p50}
            fields |= {"latency_p95_s": summary.p95, "latency_p99_s": summary.p99}
        else:
            fields[name] = list(value) if isinstance(value, tuple) else value
    return {**fields, "missing": missing} if missing else fields


def asdict_shallow(found: Footprint) -> dict[str, object]:
    """Field by field, without turning the values themselves into dictionaries."""
    return {name: getattr(found, name) for name in asdict(found)}


def _shown(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


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
        print(f"{weights_path(name, arguments.out)}: sha256 {card.sha256}")
        figures = ", ".join(f"{figure} {value:.4g}" for figure, value in card.held_out.items())
        print(f"on {card.held_out_examples:,} held-out examples of {spec.source}: {figures}")
        print(_compared(shipped, card.sha256))
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


def doctor(_arguments: argparse.Namespace) -> int:
    """Prints versions, device and caches, and for what is missing how to get it; 1 if a checkpoint is broken."""
    from ptmbench.engine.cost.energy import counter_joules
    from ptmbench.engine.device import resolve

    device = resolve(check_settings())
    broken = [line for spec in PRETRAINING if (line := _checkpoint_fault(spec.name))]
    energy = counter_joules(device)
    rows = [("ptmbench", f"{ptmbench.__version__} (commit {environment.commit()})")]
    rows += list(environment.packages().items())
    rows += [
        ("cpu", f"{environment.cpu_name()}, {environment.cores()} cores"),
        ("device", f"{device.type}, {device.precision}, {device.threads} threads, gpu: {device.gpu}"),
        ("energy counter", energy.reason if isinstance(energy, Missing) else "there is one"),
        ("embedded checkpoints", "; ".join(broken) or f"{len(PRETRAINING)}, sha256 as on their cards"),
        ("TORCH_HOME", os.environ.get("TORCH_HOME", "not set: ~/.cache/torch")),
        ("HF_HOME", os.environ.get("HF_HOME", "not set: ~/.cache/huggingface")),
    ]
    print(tabulate(rows, tablefmt="plain"))
    missing = [name for name, version in environment.packages().items() if version == "not installed"]
    for name in missing:
        print(f"ptmbench: {name} is missing: pip install {name}", file=sys.stderr)
    return 1 if broken else 0


def _checkpoint_fault(name: str) -> str | None:
    try:
        contents, expected = [content for _, content in weights_files(name)], load_card(name).sha256
    except (OSError, PtmbenchError) as error:
        return str(error)
    if sha256_of(contents) != expected:
        return f"{name} is corrupt: run ptmbench pretrain {name} --out {weights_path(name).parent}"
    return None
