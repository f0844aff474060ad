"""`ptmbench doctor`: versions, device and caches of this machine, and what is missing."""

import argparse
import os

from tabulate import tabulate

import ptmbench
from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.checkpoint_cards import load_card, sha256_of, weights_files, weights_path
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import PtmbenchError
from ptmbench.outlet import say, warn
from ptmbench.records import environment
from ptmbench.records.measured import Missing


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
    say(tabulate(rows, tablefmt="plain"))
    missing = [name for name, version in environment.packages().items() if version == "not installed"]
    for name in missing:
        warn(f"ptmbench: {name} is missing: pip install {name}")
    return 1 if broken else 0


def _checkpoint_fault(name: str) -> str | None:
    try:
        contents, expected = [content for _, content in weights_files(name)], load_card(name).sha256
    except (OSError, PtmbenchError) as error:
        return str(error)
    if sha256_of(contents) != expected:
        return f"{name} is corrupt: run ptmbench pretrain {name} --out {weights_path(name).parent}"
    return None
