"""`ptmbench doctor`: versions, device and caches of this machine, and what is missing; `--clear-cache` empties ours."""

import argparse
import os

from tabulate import tabulate

import ptmbench
from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.checkpoint_cards import load_card, sha256_of, weights_files, weights_path
from ptmbench.catalog.places import feature_cache
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import PtmbenchError, UsageError
from ptmbench.outlet import say, warn
from ptmbench.records import environment
from ptmbench.records.measured import Missing

MIB, GIB = 2**20, 2**30


def doctor(arguments: argparse.Namespace) -> int:
    """Prints versions, device and caches, and for what is missing how to get it; 1 if a checkpoint is broken.

    With `--clear-cache` it deletes the features that were kept, and prints how many.
    """
    if arguments.clear_cache:
        return _clear()
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
        ("feature cache", _features_kept()),
    ]
    say(tabulate(rows, tablefmt="plain"))
    missing = [name for name, version in environment.packages().items() if version == "not installed"]
    for name in missing:
        warn(f"ptmbench: {name} is missing: pip install {name}")
    return 1 if broken else 0


def _features_kept() -> str:
    """Where features are kept, how many files of them, and how large they are and may be."""
    try:
        cache = feature_cache()
    except UsageError as error:
        return str(error)
    if cache is None:
        return "off (PTMBENCH_CACHE)"
    entries = cache.entries()
    held = sum(entry.size for entry in entries)
    try:
        most = f"of at most {cache.room(held) / GIB:.1f} GiB"
    except OSError:  # the first run makes the folder
        most = f"of at most {cache.limit / GIB:.1f} GiB"
    return f"{cache.path}: {len(entries):,} entries, {held / MIB:.1f} MiB {most}"


def _clear() -> int:
    """Empties the cache; what else lies in its folder stays."""
    cache = feature_cache()
    if cache is None:
        raise UsageError("--clear-cache: PTMBENCH_CACHE says that there is no cache; set it to the folder to empty")
    try:
        gone = cache.clear()
    except OSError as error:
        raise UsageError(f"--clear-cache: {cache.path} cannot be emptied ({error.strerror})") from None
    say(f"{len(gone):,} entries deleted from {cache.path}, {sum(entry.size for entry in gone) / MIB:.1f} MiB")
    return 0


def _checkpoint_fault(name: str) -> str | None:
    try:
        contents, expected = [content for _, content in weights_files(name)], load_card(name).sha256
    except (OSError, PtmbenchError) as error:
        return str(error)
    if sha256_of(contents) != expected:
        return f"{name} is corrupt: run ptmbench pretrain {name} --out {weights_path(name).parent}"
    return None
