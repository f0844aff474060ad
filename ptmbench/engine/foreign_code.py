"""What libraries that fetch by themselves are wrapped in: no network while a model is built, and digests of tensors."""

import contextlib
import hashlib
import importlib
import socket
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NoReturn
from unittest import mock

from torch import nn

from ptmbench.errors import Unavailable


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
