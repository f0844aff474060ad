"""Weights from files, safely: safetensors, or pickles that may hold nothing but tensors."""

import hashlib
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ptmbench.errors import SHOWN, Unavailable, WeightsError

WRAPPERS = ("state_dict", "model_state_dict", "model")  # keys under which a checkpoint keeps its tensors
PREFIXES = ("module.", "_orig_mod.")  # what DataParallel and torch.compile put before each name
COUNTER = "num_batches_tracked"  # BatchNorm's step counter: no weight, and older checkpoints have none
_DIGESTS: dict[tuple[Path, int, int], str] = {}


def sha256_of_file(file: Path) -> str:
    """The sha256 of a file, read once as long as its size and time stay; raises `Unavailable` without the file."""
    try:
        stamp = file.stat()
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}; check the path, or copy the weights there") from None
    key = file.resolve(), stamp.st_size, stamp.st_mtime_ns
    if key not in _DIGESTS:
        with file.open("rb") as stream:
            _DIGESTS[key] = hashlib.file_digest(stream, "sha256").hexdigest()
    return _DIGESTS[key]


def read_state(file: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU; raises `WeightsError` for what is no checkpoint.

    A pickle that asks for anything but tensors and plain values is refused before it can run.
    """
    if not file.exists():
        raise Unavailable(f"{file}: no such file; check the path, or copy the weights there")
    if file.suffix == ".safetensors":
        try:
            return dict(load_file(file))
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"{file} is no whole safetensors file ({error}): download it again") from None
    try:
        with warnings.catch_warnings():  # of a pickle that torch did not write: it is refused, or its tensors are good
            warnings.filterwarnings("ignore", message="Detected pickle protocol", category=UserWarning)
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        why = next((line.strip() for line in str(error).splitlines() if "GLOBAL" in line or "Unsupported" in line), "")
        raise WeightsError(
            f"{file} was refused and nothing in it ran: it holds more than tensors ({why or 'pickled objects'}). "
            "Take a safetensors file, or save the tensors alone: torch.save(model.state_dict(), FILE)"
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise WeightsError(f"{file} is no whole checkpoint ({first}): download it again") from None
    return _unwrapped(content, file)


def _unwrapped(content: object, file: Path) -> dict[str, Tensor]:
    """The tensors, wherever the checkpoint keeps them, under their bare names."""
    while isinstance(content, Mapping):
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            break
        content = inner
    found = content.items() if isinstance(content, Mapping) else ()
    state = {str(key): value for key, value in found if isinstance(value, Tensor)}
    if not state:
        raise WeightsError(f"{file} holds no tensors: expected a state dict, or one under {', '.join(WRAPPERS)}")
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def fill(
    network: nn.Module,
    state: Mapping[str, Tensor],
    name: str,
    *,
    leave: tuple[str, ...] = (),
    partial: bool = False,
) -> float:
    """Copies checkpoint tensors into a network; the share of its tensors, those of its head apart, that came.

    `leave` are the prefixes of the head, which is taken off and need not be there. Raises `WeightsError` below 1.0,
    with all that is missing or does not fit, unless `partial` allows it.
    """
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith(COUNTER)}
    backbone = [key for key in wanted if not key.startswith(leave or ("\0",))]
    fits = {key: state[key] for key in wanted if key in state and state[key].shape == wanted[key].shape}
    faults = [
        f"{key} has shape {list(state[key].shape)}, expected {list(wanted[key].shape)}"
        if key in state
        else f"{key} is missing"
        for key in backbone
        if key not in fits
    ]
    fraction = 1 - len(faults) / len(backbone)
    if faults and (not partial or not fits):
        shown = "\n  ".join([*faults[:SHOWN], *([f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else [])])
        near = ", ".join(list(state)[:3])
        raise WeightsError(
            f"{name}: {100 * fraction:.0f} % of the backbone's {len(backbone)} tensors are in the checkpoint, expected "
            f"all; its own names begin {near}:\n  {shown}\nnext: name the architecture that they were saved from, "
            "or load what fits with ?partial=allow"
        )
    network.load_state_dict(fits, strict=False)
    return fraction
