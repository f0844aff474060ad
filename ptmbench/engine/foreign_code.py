"""What libraries that fetch by themselves are wrapped in: no network while a model is built, and digests of tensors."""

import contextlib
import hashlib
import importlib
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn
from unittest import mock

import torch
from torch import nn

import ptmbench
from ptmbench.errors import CaseFailure, PtmbenchError, Unavailable, WeightsError

OURS: Final = str(Path(ptmbench.__file__).parent)
FORWARD: Final = ("_call_impl", "_wrapped_call_impl")  # torch's frames around the forward pass of any module
KNOWN: Final = {  # what libraries say of inputs and settings that a user can change, and what to do
    "Expected more than 1 value per channel when training": (
        "BatchNorm cannot learn from one example in a batch, and this task gives it no more: train on two examples at "
        "least (?shots=2)"
    ),
    "index out of range in self": (
        "a text is longer than the model has positions, or holds a token that it has no embedding for: say "
        "?max_length=N with a smaller N, and take the tokenizer that the weights came with"
    ),
    "empty vocabulary": (
        "the training texts hold no word of two letters or digits, which is what tf-idf counts: take a model with a "
        "tokenizer"
    ),
    "no terms remain": "the training texts hold no word that tf-idf could count: take a model with a tokenizer",
}


def _refused(*_arguments: Any, **_options: Any) -> NoReturn:
    raise OSError("the network is not touched by a run")


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """No name is resolved and nothing connected to inside the block: what would download fails instead."""
    with (
        mock.patch.object(socket, "getaddrinfo", _refused),
        mock.patch.object(socket, "create_connection", _refused),
    ):
        yield


def first_line(error: BaseException) -> str:
    """The first line of what an error says that says anything, or its kind."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _outside(error: BaseException) -> bool:
    """Whether the error was raised in code that is not ours."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not frames[-1].filename.startswith(OURS)


def _in_forward(error: BaseException) -> bool:
    """Whether the error came out of the forward pass of a module."""
    return any(frame.name in FORWARD for frame in traceback.extract_tb(error.__traceback__))


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


@contextlib.contextmanager
def built(name: str) -> Iterator[None]:
    """Turns whatever libraries raise while they build or load the model of that name into a `WeightsError`.

    What our own code raises stays as it is: that is a fault of ours.
    """
    try:
        yield
    except PtmbenchError:
        raise
    except (Exception, SystemExit) as error:
        if _is_memory(error) or not (_outside(error) or isinstance(error, SystemExit)):
            raise
        raise WeightsError(f"{name} cannot be built: {said(error)}") from error


@contextlib.contextmanager
def carried_out(name: str) -> Iterator[None]:
    """Turns what the forward pass of a model of that name raises, and what a user can change, into a `CaseFailure`."""
    try:
        yield
    except PtmbenchError:
        raise
    except (Exception, SystemExit) as error:
        advice = next((advice for mark, advice in KNOWN.items() if mark in str(error)), None)
        if advice:
            raise CaseFailure(f"{name}: {advice}") from error
        foreign = _outside(error) and _in_forward(error)
        if _is_memory(error) or not (foreign or isinstance(error, SystemExit)):
            raise
        raise CaseFailure(f"{name} fails in its forward pass: {said(error)}") from error


def said(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    if isinstance(error, SystemExit):
        return f"it ends the process (SystemExit: {error}): take that out of its code"
    return f"{type(error).__name__}: {first_line(error)}"


def imported(library: str, extra: str) -> ModuleType:
    """The library of an extra; raises `Unavailable` with the line that installs it: other cases can go on."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        what = library.partition(".")[0]
        why = "is not installed" if error.name in {what, library, None} else f"cannot be imported ({error})"
        raise Unavailable(f"{what} {why}: pip install 'ptmbench[{extra}]'") from None


def state_sha256(network: nn.Module) -> str:
    """sha256 over the names and bytes of all tensors, for weights whose file only their library knows."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
