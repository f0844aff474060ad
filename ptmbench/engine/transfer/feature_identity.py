"""What features depend on, told by content: two runs that would compute the same say the same, and no others do.

A user's names for models and data stand nowhere in it. The weights' sha256 says nothing of the code around them, so the
network's own tensors, the classes it is made of with their settings, the versions of the libraries and the sources of
this package stand beside it. Last bits move with the processor and the number of threads, and so do seconds.
"""

import functools
import hashlib
import importlib.metadata
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch

import ptmbench
from ptmbench.catalog.references import parse
from ptmbench.catalog.schemes import model_scheme
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledImages, Samples
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import Inputs, TensorInputs
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.transfer.network_identity import structure_sha256, tensor_sha256, tensors_sha256
from ptmbench.reading import content_of
from ptmbench.records import environment
from ptmbench.records.record import PROTOCOL_VERSION

FEATURES_VERSION: Final = 1  # raise it whenever features change by what none of the parts below holds

Identity = Mapping[str, object]  # as JSON holds it

LIBRARIES: Final = (
    *("torch", "torchvision", "transformers", "tokenizers", "timm", "diffusers"),
    *("numpy", "scipy", "scikit-learn", "pillow"),
)
ROUNDING: Final = (  # how settings begin that move last bits
    *("MKL_", "ONEDNN_", "DNNL_", "ATEN_"),
    *("CUBLAS_", "NVIDIA_TF32", "TORCH_ALLOW_TF32"),
)
PACKAGE: Final = Path(ptmbench.__file__).parent
SOURCES: Final = ("engine", "files")  # rooms of the package whose code features pass through
BATCHED_PICTURES: Final = 4  # dimensions of inputs that the digest of the data covers


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


@functools.cache
def _versions() -> dict[str, str]:
    """The versions of what features are computed with, "" where it is not installed."""
    found = dict.fromkeys(LIBRARIES, "")
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found | {"torch_build": torch.__version__, "cuda": str(torch.version.cuda)}


@functools.cache
def _sources() -> str | None:
    """The sha256 of the package's own code, 7 ms; None where it cannot be read.

    Whoever works on it would else be shown what the code of yesterday gave.
    """
    digest = hashlib.sha256()
    files = sorted(file for room in SOURCES for file in (PACKAGE / room).rglob("*.py"))
    try:
        for file in files:
            content = content_of(file)
            digest.update(f"{file.relative_to(PACKAGE)} {len(content)}\n".encode())
            digest.update(content)
    except OSError:
        return None
    return digest.hexdigest() if files else None


def of_surroundings(device: Device) -> Identity | None:
    """Versions, code, device and processor; None where the package's code is not at hand."""
    sources = _sources()
    if sources is None:
        return None
    return {
        "features": FEATURES_VERSION,
        "protocol": PROTOCOL_VERSION,
        "ptmbench": ptmbench.__version__,
        "sources": sources,
        "versions": _versions(),
        "device": [device.type, device.gpu, device.precision, device.threads],
        "machine": environment.machine(device.gpu, device.threads).fingerprint,  # whose seconds can be compared
        "cpu": [environment.cpu_name(), _capability()],
        "matmul": torch.get_float32_matmul_precision(),
        "rounding": {name: value for name, value in sorted(os.environ.items()) if name.startswith(ROUNDING)},
    }


def of_decoding() -> Identity | None:
    """Versions, code and processor: what decoded pictures depend on beside their files; None as above."""
    found = _sources()
    if found is None:
        return None
    return {"sources": found, "versions": _versions(), "cpu": [environment.cpu_name(), _capability()]}


def _capability() -> str:
    return str(torch.backends.cpu.get_cpu_capability())


def of_model(spec: ModelSpec, model: LoadedModel, seed: int) -> Identity | None:
    """The network as it was loaded, at the seed of its weights; None where its code may change under the same name.

    That is so of modules of a Python program, of builders of one's own, of repositories of torch.hub and of providers
    that other packages bring.
    """
    code = model_scheme(spec.provider).code(parse(spec.reference))
    if code is None:
        return None
    try:
        tensors, structure = tensors_sha256(model.backbone), structure_sha256(model.backbone)
    except Exception:  # noqa: BLE001  of what a library's classes hold, some cannot be told; features can be had
        return None
    return {
        "provider": spec.provider,
        "code": code,
        "weights": model.weights_sha256,
        "seed": seed,
        "tensors": tensors,
        "structure": structure,
        "preprocessing": repr(model.preprocessing),  # it holds what two equal ones have in common
    }


def of_data(sha256: str, samples: Samples, inputs: Inputs) -> Identity:
    """The data and its split by their sha256, and what that leaves open.

    It holds pictures one after the other and lines of text: their shape, and where a text ends, stand here.
    """
    found: dict[str, object] = {"data": sha256, "samples": type(samples).__name__}
    if isinstance(samples, LabelledImages):
        found["shape"] = list(samples.images.shape)
    if isinstance(samples, LabelledImageFiles):  # corruptions are drawn by them
        found["files"] = _sha256(repr([file.name for file in samples.files]))
    if isinstance(inputs, TensorInputs) and inputs.tensor.dim() != BATCHED_PICTURES:
        found["inputs"] = tensor_sha256(inputs.tensor)
    return found


def of_examples(examples: Sequence[int] | None) -> str | None:
    """Which examples are computed; None for all."""
    return None if examples is None else _sha256(repr([int(example) for example in examples]))
