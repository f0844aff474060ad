"""Weights from files, safely: safetensors, or pickles that may hold nothing but tensors."""

import hashlib
import pickle
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from safetensors import SafetensorError
from torch import Tensor, nn

from ptmbench.engine.foreign_code import first_line
from ptmbench.engine.foreign_loads import pickled, safe_tensors
from ptmbench.engine.models.stray_tensors import misread, narrow, refuse_adapters, refuse_quantised
from ptmbench.errors import SHOWN, Unavailable, UnknownName, WeightsError, listed
from ptmbench.files.pickle_names import words_in
from ptmbench.files.weight_kinds import is_safetensors, is_torch_archive, not_weights
from ptmbench.reading import opened

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net")  # keys under which a checkpoint keeps tensors
WRAPPED = (
    "module.",
    "_orig_mod.",
    "_fsdp_wrapped_module.",
)  # what DataParallel, torch.compile and FSDP put before names
HELD = (  # what trainers call their model; MoCo trains encoder_q, and encoder_k is its average
    *("model.", "net.", "network.", "backbone.", "encoder.", "encoder_q.", "ema.", "ema_model."),
)
REFUSED = re.compile(r"GLOBAL ([\w.]+\w)")  # what torch names of a pickle that it refuses
AVERAGED = "n_averaged"  # the counter that AveragedModel keeps beside its tensors
NUMBERED = re.compile(r"(?<=\.)\d+(?=\.)")  # a layer's place among its like
MISSING = " is missing"  # behind the name of a tensor
DEEPEST = 10  # mappings inside each other
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
        try:
            with opened(file) as stream:
                _DIGESTS[key] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise WeightsError(f"{file} cannot be read: {error.strerror}; expected a file of weights") from None
    return _DIGESTS[key]


def read_state(file: Path, which: str = "") -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU; raises `WeightsError` for what is no checkpoint.

    A pickle that asks for anything but tensors and plain values is refused before it can run. `which` is the key under
    which a pickle keeps those that are meant, where it keeps several sets.
    """
    if not file.exists():
        raise Unavailable(f"{file}: no such file; check the path, or copy the weights there")
    fault = not_weights(file)
    if fault:
        raise WeightsError(f"{file} {fault}")
    if file.suffix == ".safetensors" or is_safetensors(file):
        if is_torch_archive(file):
            raise WeightsError(f"{file} is a checkpoint of torch.save under another name: call it {file.stem}.pth")
        try:
            found = safe_tensors(file)
            return _bare(_tensors(_named(found, which, file)) if which else found)
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"{file} is no whole safetensors file ({error}): download it again") from None
    content = _unpickled(file)
    return _unwrapped(_named(content, which, file) if which else content, file)


def _named(content: object, which: str, file: Path) -> Mapping[Any, object]:
    """What stands under a key, or under names that begin with it; raises `WeightsError`."""
    held = content if _maps(content) else {}
    sets = {str(key): value for key, value in held.items() if isinstance(value, Mapping)}
    if which in sets:
        return sets[which]
    start = f"{which}."
    begun = {key.removeprefix(start): value for key, value in _tensors(held).items() if key.startswith(start)}
    if not begun:
        known = {*sets, *(key.partition(".")[0] for key in _tensors(held))}
        raise WeightsError(str(UnknownName(f"set of tensors in {file}", which, known)))
    return begun


def _maps(content: object) -> TypeGuard[Mapping[Any, object]]:
    return isinstance(content, Mapping)


def _twins(content: Mapping[object, object], chosen: Mapping[object, object]) -> list[str]:
    """Other sets of tensors of the same names: an average kept beside the weights, a teacher beside its student."""
    names = {*_bare(_tensors(chosen))}
    return [
        str(key)
        for key, value in content.items()
        if isinstance(value, Mapping)
        and value is not chosen
        and 2 * len(names & {*_bare(_tensors(value))}) > len(names)
    ]


def _tensors(content: Mapping[Any, object]) -> dict[str, Tensor]:
    return {str(key): value for key, value in content.items() if isinstance(value, Tensor)}


def _unpickled(file: Path) -> object:
    """What a pickle holds, if that is tensors and plain values."""
    try:
        with warnings.catch_warnings():  # of a pickle that torch did not write: it is refused, or its tensors are good
            warnings.filterwarnings("ignore", message="Detected pickle protocol", category=UserWarning)
            content: object = pickled(file)
    except pickle.UnpicklingError as error:
        found = REFUSED.search(str(error))  # of torch's text no more: it goes on to say how to switch the check off
        raise WeightsError(f"{file} was refused and nothing in it ran: {_more(file, found and found[1])}") from None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a broken pickle may make its reader raise anything
        raise WeightsError(f"{file} is no whole checkpoint ({first_line(error)}): download it again") from None
    return content


def _more(file: Path, refused: str | None) -> str:
    """What a pickle holds more than tensors, and how its owner saves the tensors alone."""
    words = words_in(file)
    if {"_parameters", "_buffers"} <= words:
        return (
            f"it holds a whole model ({refused or 'pickled objects'}), and code with it. Save the tensors alone: "
            "torch.save(model.state_dict(), FILE)"
        )
    key = next((key for key in WRAPPERS if key in words), None)
    if key is None and (refused or "").startswith("numpy"):
        alone = "{key: torch.from_numpy(value) for key, value in checkpoint.items()}"
    else:
        alone = "model.state_dict()" if key is None else f'checkpoint["{key}"]'
    return (
        f"it holds more than tensors ({refused or 'pickled objects'}). Take a safetensors file, or save the tensors "
        f"alone: torch.save({alone}, FILE)"
    )


def _unwrapped(content: object, file: Path) -> dict[str, Tensor]:
    """The tensors, wherever the checkpoint keeps them, under their bare names."""
    for _ in range(DEEPEST):
        if not isinstance(content, Mapping):
            break
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            inner = _only_holder(content, file)
        elif twins := _twins(content, inner):
            name = next(str(key) for key, value in content.items() if value is inner)
            raise WeightsError(
                f"{file} holds several sets of tensors of the same names ({', '.join([name, *twins])}), such as the "
                f"average of weights beside them: say which is meant, ?state={name} or ?state={twins[0]}"
            )
        if inner is None:
            break
        content = inner
    else:
        raise WeightsError(f"{file} holds mappings inside each other without end: save model.state_dict() alone")
    state = _tensors(content) if _maps(content) else {}
    if not state:
        raise WeightsError(f"{file} holds no tensors: expected a state dict, or one under {', '.join(WRAPPERS)}")
    return _bare(state)


def _only_holder(content: Mapping[object, object], file: Path) -> Mapping[object, object] | None:
    """The one mapping of tensors in a checkpoint that has none itself; raises `WeightsError` where there are more."""
    if any(isinstance(value, Tensor) for value in content.values()):
        return None
    holders = {
        str(key): value
        for key, value in content.items()
        if isinstance(value, Mapping) and any(isinstance(inner, Tensor) for inner in value.values())
    }
    if len(holders) > 1:
        raise WeightsError(
            f"{file} holds several sets of tensors ({', '.join(sorted(holders))}): say which is meant, "
            f"?state={min(holders)}"
        )
    return next(iter(holders.values()), None)


def _bare(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names that they had before somebody wrapped the model, however often and in what order."""
    state = {key: value for key, value in state.items() if key != AVERAGED} or state
    while state and (prefix := next((found for found in WRAPPED if all(key.startswith(found) for key in state)), None)):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _starts(key: str) -> Iterator[str]:
    """What of a key may stand before the name that the network has for the tensor."""
    start = ""
    while found := next((name for name in (*WRAPPED, *HELD) if key.startswith(name, len(start))), None):
        start += found
        yield start


def _named_as(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor], name: str) -> Mapping[str, Tensor]:
    """The tensors less what a trainer put before their names, where more of the network's are found that way."""

    def fitting(start: str) -> int:
        keys = ((key, f"{start}{key}") for key in wanted)
        return sum(long in state and state[long].shape == wanted[key].shape for key, long in keys)

    counts = {start: fitting(start) for start in ("", *dict.fromkeys(part for key in state for part in _starts(key)))}
    most = max(counts.values())
    best = [start for start, count in counts.items() if count == most]
    if most == counts[""]:
        return state
    if len(best) > 1:
        raise WeightsError(
            f"{name}: the checkpoint holds several sets of tensors that fit ({', '.join(best)}): say which is meant, "
            f"?state={best[0].rstrip('.')}"
        )
    return {key.removeprefix(best[0]): value for key, value in state.items() if key.startswith(best[0])}


def layers_beyond(wanted: Collection[str], held: Iterable[str]) -> list[str]:
    """The tensors of a checkpoint that belong to layers such as the network has, but to more of them than it has.

    A deeper sibling fills a network whole: ResNet-34's file has every tensor of ResNet-18.
    """
    known = {NUMBERED.sub("#", key) for key in wanted}
    return sorted(key for key in held if key not in wanted and NUMBERED.sub("#", key) in known)


def _misfit(faults: Sequence[str], tensors: int, state: Mapping[str, Tensor]) -> str:
    """What does not fit, and what to do; tensors that are there in another shape are named in the first line."""
    if any(fault.endswith(MISSING) for fault in faults):
        shown = [*faults[:SHOWN], *([f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else [])]
        what = (
            f"{100 * (1 - len(faults) / tensors):.0f} % of the backbone's {tensors} tensors are in the checkpoint, "
            f"expected all; its own names begin {', '.join([*state][:3])}:\n  " + "\n  ".join(shown)
        )
    else:
        what = f"{len(faults)} of the backbone's {tensors} tensors have another shape: {listed(faults)}"
    size = ", at the size that it was trained at (?size=N)" if any("pos_embed" in fault for fault in faults) else ""
    return f"{what}\nnext: name the architecture that they were saved from{size}, or load what fits with ?partial=allow"


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
    with all that is missing or does not fit, and for layers that the network does not have, unless `partial` allows it.
    """
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith(COUNTER)}
    state = _named_as(wanted, state, name)
    head = leave or ("\0",)
    layers = {key for key, _ in network.named_modules()}
    if not partial:
        unused = (key for key in state if key not in wanted and not key.startswith(head))
        refuse_adapters(layers, unused, name, "measure the model without it with ?partial=allow")
    backbone = [key for key in wanted if not key.startswith(head)]
    fits = {key: state[key] for key in wanted if key in state and state[key].shape == wanted[key].shape}
    faults = [
        f"{key} has shape {list(state[key].shape)}, expected {list(wanted[key].shape)}"
        if key in state
        else f"{key}{MISSING}"
        for key in backbone
        if key not in fits
    ]
    refuse_quantised(misread(wanted, narrow(fits)), name)
    fraction = 1 - len(faults) / len(backbone)
    if faults and (not partial or not fits):
        raise WeightsError(f"{name}: {_misfit(faults, len(backbone), state)}")
    beyond = [key for key in layers_beyond(network.state_dict(), state) if not key.startswith(head)]
    if beyond and not partial:
        raise WeightsError(
            f"{name}: the checkpoint holds {len(beyond)} tensors of layers that the network does not have "
            f"({listed(beyond)}); next: name the architecture that they were saved from, or load what fits with "
            "?partial=allow"
        )
    network.load_state_dict(fits, strict=False)
    return fraction
