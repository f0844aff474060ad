"""Folders in Hugging Face's format: the user's own or snapshots in the hub's cache, and what is wrong with them."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import transformers
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from torch import Tensor

from ptmbench.catalog.places import HF_WEIGHTS as WEIGHTS
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_code import first_line
from ptmbench.engine.foreign_loads import pickled, safe_types
from ptmbench.engine.inputs.texts import tokenizer_sha256
from ptmbench.engine.models.hub_layouts import (
    ADAPTER,
    CONFIG,
    MODULES,
    in_place_of_folder,
    misnamed,
    modules_beyond,
    other_form,
    without_config,
)
from ptmbench.engine.models.stray_tensors import narrow
from ptmbench.engine.models.weight_files import sha256_of_file
from ptmbench.errors import PtmbenchError, Unavailable, UsageError, WeightsError, listed
from ptmbench.files.archives import leads_out
from ptmbench.files.downloads import check_online
from ptmbench.files.weight_kinds import is_safetensors, is_torch_archive, not_weights
from ptmbench.reading import content_of, is_odd, json_of, text_of

BESIDE = ("*.json", "*.txt", "*.model")  # configuration, tokenizer, processor
PROCESSOR = "preprocessor_config.json"
MOST: Final = {("layer", "depth", "block", "stage"): 10_000, ("label",): 1_000_000}  # by words in names of settings
LARGEST: Final = 10**10  # of any other: positions and rotations reach 10^8
PLAIN: Final = frozenset({"F64", "F32", "F16", "BF16", "C64"})  # types of safetensors that need no scale
UNKNOWN_TYPE = re.compile(r"model type [`'\"]?([\w.-]+)[`'\"]?")


def folder_of(spec: ModelSpec) -> Path:
    """The folder of a checkpoint: the user's own, or the snapshot in the hub's cache; raises `Unavailable`."""
    reference = parse(spec.reference)
    own = Path(reference.name).expanduser()
    if own.is_dir():
        if not (own / CONFIG).exists():
            raise UsageError(f"{own} {without_config(own)}")
        return own
    if own.is_file():
        raise WeightsError(f"{own} {in_place_of_folder(own)}")
    repository, _, revision = reference.name.partition("@")
    try:
        return Path(snapshot_download(repository, revision=revision or None, local_files_only=True))
    except HFValidationError:
        raise Unavailable(f"{own} is neither a folder nor the name of a repository: expected hf:ORG/NAME") from None
    except LocalEntryNotFoundError:
        raise Unavailable(f"{spec.name} is not on disk: ptmbench fetch --model '{spec.reference}'") from None


def fetch(spec: ModelSpec) -> Path:
    """Downloads configuration, tokenizer or processor, and weights into the hub's cache; the hub's client resumes."""
    own, (repository, _, revision) = Path(parse(spec.reference).name), parse(spec.reference).name.partition("@")
    if own.expanduser().exists():
        return folder_of(spec)
    check_online()
    try:
        folder = Path(snapshot_download(repository, revision=revision or None, allow_patterns=[WEIGHTS[0], *BESIDE]))
        if not any(folder.glob(WEIGHTS[0])):  # an older repository: its pickles load as tensors only
            snapshot_download(repository, revision=revision or None, allow_patterns=[WEIGHTS[1]])
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise WeightsError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from None
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights: safetensors where there are some.

    Raises `WeightsError` for weights of another form, and `Unavailable` where there are none.
    """
    found = next((files for pattern in WEIGHTS if (files := sorted(folder.glob(pattern)))), [])
    cached = folder.parent.name == "snapshots"  # of the hub: what was not fetched may yet be
    if not found and not cached and (other := other_form(folder)):
        raise WeightsError(f"{folder} {other}")
    if not found:
        raise Unavailable(f"{folder} holds no weights: expected {' or '.join(WEIGHTS)}; fetch it again")
    return found


def narrow_kinds(folder: Path) -> dict[str, str]:
    """The tensors of a folder's weights that hold no floating numbers of 16 bits or more, each with its type."""
    kinds: dict[str, str] = {}
    for file in weight_files(folder):
        if is_safetensors(file):
            kinds |= {key: kind for key, kind in safe_types(file).items() if kind not in PLAIN}
        elif isinstance(state := pickled(file, mapped=is_torch_archive(file)), dict):
            kinds |= narrow({str(key): value for key, value in state.items() if isinstance(value, Tensor)})
    return kinds


def weights_sha256(spec: ModelSpec) -> str:
    """The sha256 of the weights' file; of several, that of their sha256 one after the other.

    For a random control it is that of the configuration, which is all it takes from the folder beside the tokenizer.
    """
    folder = folder_of(spec)
    files = [folder / CONFIG] if spec.random else weight_files(folder)
    digests = [sha256_of_file(file) for file in files]
    return digests[0] if len(digests) == 1 else tokenizer_sha256("".join(digests).encode())


def check_folder(folder: Path, spec: ModelSpec) -> None:
    """Raises `WeightsError` for what transformers would misread, pass over or trip over in a folder."""
    odd = sorted(str(path) for path in folder.rglob("*") if is_odd(path))  # reading a pipe would never end
    if odd:
        raise WeightsError(f"{spec.name} cannot be loaded: no regular files, which is all that is read: {listed(odd)}")
    fault = _config_fault(folder / CONFIG)
    if fault:
        raise WeightsError(f"{spec.name} cannot be loaded: {folder / 'config.json'} {fault}")
    if spec.random:
        return
    if (folder / ADAPTER).exists():
        raise WeightsError(
            f"{folder} holds an adapter ({ADAPTER}) beside the weights, and ptmbench applies none: merge it with "
            "peft's merge_and_unload() and save the model; or, to measure the model without it, move its files away"
        )
    if beyond := modules_beyond(folder):
        raise WeightsError(
            f"{folder}: its {MODULES} lists {', '.join(beyond)}, which ptmbench does not apply: the features would be "
            "those of the model before it; take a model without it, or, to measure the transformer alone, name a copy "
            f"of the folder without {MODULES}"
        )
    faults = [f"{file} {what}" for file in weight_files(folder) if (what := not_weights(file))]
    faults += [f"{file} {what}" for file in sorted(folder.glob("*.index.json")) if (what := _index_fault(file))]
    if faults:
        raise WeightsError(f"{spec.name} cannot be loaded: {'; '.join(faults)}")


def _index_fault(file: Path) -> str | None:
    """What is wrong with a list of the files that hold the weights: each of them is to lie beside it."""
    try:
        names = {str(name) for name in json_of(content_of(file))["weight_map"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"is no index of weights ({type(error).__name__}: {error}): fetch it again"
    outside = sorted(name for name in names if leads_out(name))
    return f"names files outside its folder: {listed(outside)}" if outside else None


def _config_fault(file: Path) -> str | None:
    try:
        content = content_of(file)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not content.strip():
        return "is empty: fetch it again"
    if content.startswith(b"\xef\xbb\xbf"):
        return "begins with a byte order mark: save it as UTF-8 without one"
    try:
        found = json_of(content)
    except ValueError as error:
        return f"is no JSON ({error}): fetch it again"
    if not isinstance(found, dict):
        return f"holds a {type(found).__name__}, expected an object of settings"
    large = [f"{name} has {len(str(value))} digits" for name, value in _numbers(found) if value > _most(name)]
    return f"holds sizes that no model has: {listed(large)}" if large else None


def _numbers(settings: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """The whole numbers in a configuration, each with the name of its setting, those below lists and parts too."""
    if isinstance(settings, int):
        yield name, settings
    elif isinstance(settings, list):
        for value in settings:
            yield from _numbers(value, name)
    elif isinstance(settings, dict):
        for key, value in settings.items():
            yield from _numbers(value, str(key))


def _most(name: str) -> int:
    """How large a setting may be: transformers builds so many layers one by one, and names so many labels."""
    return next((most for words, most in MOST.items() if any(word in name for word in words)), LARGEST)


@contextlib.contextmanager
def loading(folder: Path, spec: ModelSpec) -> Iterator[None]:
    """Turns whatever transformers raises over a folder into a `WeightsError` of one sentence.

    Every call inside passes `trust_remote_code=False`: left out, transformers asks on stdin whether to run the folder's
    own code, and a yes that was meant for something else runs it.
    """
    try:
        yield
    except (PtmbenchError, MemoryError):
        raise
    except Exception as error:  # transformers raises whatever its dependencies do
        raise WeightsError(f"{spec.name} {_reason(error, folder)}") from error


def _broken(folder: Path) -> str:
    """The first file of settings that is no JSON; empty where all are."""
    for file in sorted(folder.glob("*.json")):
        try:
            json_of(text_of(file))
        except (OSError, ValueError):
            return file.name
    return ""


def _without_processor(folder: Path) -> str:
    if (folder / PROCESSOR).exists():
        return f"its {PROCESSOR} names no image processor that transformers {transformers.__version__} has"
    return (
        f"it has no image processor ({PROCESSOR}): copy the file from where the weights came from, or say "
        "?modality=text if it reads texts"
    )


def _reason(error: Exception, folder: Path) -> str:
    """Why a folder cannot be loaded, and what to do."""
    text, first = str(error), first_line(error)
    if "trust_remote_code" in text:
        return (
            f"needs code that comes with the model ({folder} names it in an auto_map), and ptmbench never runs a model "
            "repository's own code: look for a version of the model without auto_map, one that a class of transformers "
            "loads"
        )
    kind = UNKNOWN_TYPE.search(text)
    if broken := _broken(folder):
        why = f"{broken} is no whole JSON: copy it again from where the weights came from"
    elif kind and "recognize" in text:
        why = (
            f"transformers {transformers.__version__} knows no model type `{kind[1]}`; a newer one may: "
            "pip install -U transformers"
        )
    elif "image processor" in text:
        why = _without_processor(folder)
    elif "no file named" in text:
        why = misnamed(folder)
    elif isinstance(error, ImportError):
        why = f"it needs a package that is not installed: {first}"
    elif "no attribute 'vocab_size'" in text:
        why = "it has no vocabulary, so it reads no texts: say ?modality=image if it takes pictures"
    elif "tokenizer" in text:
        why = f"{first}; a tokenizer.json must lie beside the weights, or say ?modality=image if it takes pictures"
    elif type(error).__name__ == "SafetensorError":
        why = f"its safetensors are not whole ({first}): fetch them again"
    else:
        kinds = f" ({type(error).__name__})" if isinstance(error, LookupError | TypeError | AttributeError) else ""
        why = f"{first}{kinds}; look at its JSON files: they must be those that the weights were saved with"
    return f"cannot be loaded from {folder}: {why}"
