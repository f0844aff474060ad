"""`ptmbench profile`: what a model costs at a batch size; it imports the engine when it runs."""

import argparse
import functools
import json
from dataclasses import fields as fields_of
from dataclasses import replace

from tabulate import tabulate

from ptmbench.catalog.bounds import beyond, shown
from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.schemes import model_scheme
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import Modality
from ptmbench.errors import Faults, UsageError
from ptmbench.outlet import hand_over, say
from ptmbench.records.measured import Footprint, LatencySamples, Missing, Timing


def profile(arguments: argparse.Namespace) -> int:
    """Prints what a model costs at a batch size."""
    faults = Faults(*beyond("input", arguments.batch_size, where=" a batch"))
    with faults:
        settings = check_settings(device=arguments.device, precision=arguments.precision, threads=arguments.threads)
    with faults:
        spec = model_spec(arguments.model, ALL_MODELS)
    faults.check()
    from ptmbench.engine.cost.footprint import measure
    from ptmbench.engine.device import resolve
    from ptmbench.engine.models.profiled import profiled

    device = resolve(settings)
    network, preprocessing, scope = profiled(spec)
    shape = _shape(preprocessing.shape, arguments.sequence_length, spec)
    example = functools.partial(preprocessing.example, shape=shape)
    measured = measure(network, example, device, batch_size=arguments.batch_size)
    found = replace(measured, timing=replace(measured.timing, scope=scope or measured.timing.scope))
    head = {"model": spec.name, "reference": spec.reference, "input_shape": list(shape)}
    place = {"device": device.type, "precision": device.precision, "threads": device.threads}
    fields = {**head, **place, **footprint_fields(found)}
    if arguments.json:
        hand_over(json.dumps(fields, indent=1))
    else:
        say(tabulate([(name, _shown(value)) for name, value in fields.items()], disable_numparse=True))
    return 0


def _shape(largest: tuple[int, ...], length: int | str | None, spec: ModelSpec) -> tuple[int, ...]:
    """The shape of one input: the model's own, or that many tokens of text."""
    if length is None:
        return largest
    if not model_scheme(spec.provider).tokens or Modality.TEXT not in spec.modalities:
        raise UsageError(f"--sequence-length counts tokens, and {spec.name} takes inputs of shape {list(largest)}")
    if not isinstance(length, int) or not 1 <= length <= largest[0]:
        raise UsageError(f"{spec.name} takes 1 to {largest[0]} tokens, got --sequence-length {shown(length)}")
    return (length,)


def footprint_fields(found: Footprint) -> dict[str, object]:
    """The footprint with units in its names; what is missing is null, its reason under `missing`."""
    missing: dict[str, str] = {}
    fields: dict[str, object] = {}
    for name, value in {**asdict_shallow(found), **asdict_shallow(found.timing)}.items():
        if isinstance(value, Missing):
            missing[name] = value.reason
            fields[name] = None
        elif isinstance(value, LatencySamples):
            from ptmbench.running.assembly import summarise_latency

            summary = summarise_latency(value, found.timing.scope)
            fields |= {"batch_size": value.batch_size, "latency_p50_s": summary.p50}
            fields |= {"latency_p95_s": summary.p95, "latency_p99_s": summary.p99}
        else:
            fields[name] = list(value) if isinstance(value, tuple) else value
    return {**fields, "missing": missing} if missing else fields


def asdict_shallow(found: Footprint | Timing) -> dict[str, object]:
    """Field by field, without turning the values themselves into dictionaries."""
    return {entry.name: getattr(found, entry.name) for entry in fields_of(found) if entry.name != "timing"}


def _shown(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
