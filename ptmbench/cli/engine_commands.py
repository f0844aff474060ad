"""`ptmbench profile`, `pretrain` and `doctor`: the commands that need the engine, and import it when they run."""

import argparse
import functools
import hashlib
import json
import os
import sys
from dataclasses import asdict
from typing import Any

from tabulate import tabulate
from tqdm import tqdm

import ptmbench
from ptmbench import environment
from ptmbench.card import load_card, weights_path
from ptmbench.catalog import PRETRAINING
from ptmbench.errors import PtmbenchError, UnknownName, UsageError
from ptmbench.references import model_spec
from ptmbench.result import Footprint, LatencySamples, Missing
from ptmbench.settings import check_settings


def profile(arguments: argparse.Namespace) -> int:
    """Prints what a model costs at a batch size."""
    if arguments.batch_size < 1:
        raise UsageError(f"expected a batch size of at least 1, got {arguments.batch_size}")
    settings = check_settings(device=arguments.device, precision=arguments.precision, threads=arguments.threads)
    spec = model_spec(arguments.model)
    from ptmbench.engine.device import resolve
    from ptmbench.engine.footprint import measure
    from ptmbench.engine.providers import BUILDERS

    device = resolve(settings)
    model = BUILDERS[spec.provider](spec, 0)
    shape = (3, model.preprocessing.side, model.preprocessing.side)
    found = measure(model.backbone, shape, device, batch_size=arguments.batch_size, timed=True)
    head = {"model": spec.name, "reference": spec.reference, "input_shape": list(shape)}
    place = {"device": device.type, "precision": device.precision, "threads": device.threads}
    fields = {**head, **place, **footprint_fields(found)}
    if arguments.json:
        print(json.dumps(fields, indent=1))
    else:
        print(tabulate([(name, _shown(value)) for name, value in fields.items()], disable_numparse=True))
    return 0


def footprint_fields(found: Footprint) -> dict[str, object]:
    """The footprint with units in its names; what is missing is null, its reason under `missing`."""
    missing: dict[str, str] = {}
    fields: dict[str, object] = {}
    for name, value in asdict_shallow(found).items():
        if isinstance(value, Missing):
            missing[name] = value.reason
            fields[name] = None
        elif isinstance(value, LatencySamples):
            from ptmbench.assembly import summarise_latency

            summary = summarise_latency(value)
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
    """Trains the named checkpoints anew, shows progress, writes weights and card, and compares with the shipped."""
    recipes = {spec.name: spec for spec in PRETRAINING}
    for name in arguments.names:
        if name not in recipes:
            raise UnknownName("pre-trained model", name, recipes)
    from ptmbench.engine.device import resolve
    from ptmbench.engine.pretraining.checkpoints import write_checkpoint
    from ptmbench.engine.pretraining.supervised import pretrain as run_recipe

    for name in arguments.names:
        spec = recipes[name]
        resolve(check_settings(device="cpu", threads=spec.threads))
        with tqdm(total=spec.recipe.steps, desc=name, unit="step") as bar:
            result = run_recipe(spec, functools.partial(_advance, bar))
        card = write_checkpoint(spec, result, arguments.out)
        print(f"{weights_path(name, arguments.out)}: sha256 {card.sha256}")
        print(f"accuracy on held-out images of {spec.source}: {100 * card.held_out_accuracy:.1f} %")
        print(_compared(name, card.sha256))
    return 0


def _advance(bar: "tqdm[Any]", step: int, loss: float) -> None:
    bar.update(step - bar.n)
    bar.set_postfix(loss=f"{loss:.3f}")


def _compared(name: str, sha256: str) -> str:
    try:
        shipped = load_card(name)
    except PtmbenchError:
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
        content, expected = weights_path(name).read_bytes(), load_card(name).sha256
    except (OSError, PtmbenchError) as error:
        return str(error)
    if hashlib.sha256(content).hexdigest() != expected:
        return f"{name} is corrupt: run ptmbench pretrain {name} --out {weights_path(name).parent}"
    return None
