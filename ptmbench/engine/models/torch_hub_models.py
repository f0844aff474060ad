"""torch.hub's entries, `torch_hub:OWNER/REPO:TAG/entry`: code of others, run only where a user has agreed to it.

Nothing is fetched by a run. `ptmbench fetch --trust-remote-code` gets the repository at its tag, calls the entry once
so that it fetches its weights, and leaves a mark beside the code; without the mark it is not run.
"""

import contextlib
import functools
import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ptmbench.catalog.model_options import triple
from ptmbench.catalog.places import TRUSTED, torch_hub_folder
from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_code import no_network, state_sha256
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.networks import Features, classifier_backbone, feature_size, last_stage
from ptmbench.engine.models.provider import ModelProvider
from ptmbench.engine.models.torchvision_models import IMAGENET_MEAN, IMAGENET_STD, SIDE
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError
from ptmbench.files.downloads import check_online

EXPECTED = "torch_hub:OWNER/REPO:TAG/entry"
MOVING = {"main", "master", "hub", "HEAD"}  # branches: what they hold tomorrow is another model


def parts_of(reference: Reference) -> tuple[str, str]:
    """Repository with its tag, OWNER/REPO:TAG, and entry; raises `UsageError`."""
    repository, slash, entry = reference.name.rpartition("/")
    owner_name, colon, tag = repository.partition(":")
    if not slash or not entry or not colon or not tag or owner_name.count("/") != 1:
        raise UsageError(f"expected {EXPECTED}, got {reference}")
    if tag in MOVING:
        raise UsageError(f"{reference}: {tag} is a branch, and moves; expected a tag or a commit after {owner_name}:")
    return repository, entry


def arguments_of(reference: Reference) -> dict[str, bool | int | float | str]:
    """Keyword arguments for the entry, `args=name:value,name:value`; raises `UsageError`."""
    found: dict[str, bool | int | float | str] = {}
    for pair in reference.get("args").split(",") if reference.get("args") else []:
        name, colon, value = pair.partition(":")
        if not colon or not name.isidentifier():
            raise UsageError(f"expected args=NAME:VALUE,NAME:VALUE, got args={reference.get('args')}")
        found[name] = _literal(value)
    return found


def _literal(value: str) -> bool | int | float | str:
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(value)
    return value


def trusted_folder(reference: Reference) -> Path:
    """The repository on disk; raises `Unavailable` where it is not, or where nobody agreed to run it."""
    repository, _ = parts_of(reference)
    folder = torch_hub_folder(repository)
    command = f"ptmbench fetch --trust-remote-code --model '{reference.without('weights')}'"
    if not folder.is_dir():
        raise Unavailable(f"{repository} is not on disk. It is code of others, which will run here: {command}")
    if not (folder / TRUSTED).exists():
        raise Unavailable(f"{repository} is code of others: read {folder}, and if it may run here: {command}")
    return folder


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Forgets the modules that an entry imports, since two repositories may call theirs alike; swallows its talk."""
    before, path = set(sys.modules), list(sys.path)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # of code that is not ours to mend
            yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if str(torch.hub.get_dir()) in file:
                del sys.modules[name]


def _called(reference: Reference, folder: Path, *, pretrained: bool) -> nn.Module:
    """What the entry gives, or the part of it that is asked for, on the CPU and in eval mode."""
    _, entry = parts_of(reference)
    with _as_it_was():
        try:
            found: Any = torch.hub.load(
                str(folder), entry, source="local", pretrained=pretrained, **arguments_of(reference)
            )
        except RuntimeError as error:
            if "Cannot find callable" in str(error):
                raise UsageError(f"{reference.name}: its hubconf.py has no entry called {entry}") from None
            raise
    for name in filter(None, reference.get("part").split(".")):
        if not hasattr(found, name):
            raise UsageError(f"{reference}: what {entry} gives has no part called {name}")
        found = getattr(found, name)
    if not isinstance(found, nn.Module):
        raise UsageError(
            f"{entry} gives a {type(found).__name__}, expected a torch.nn.Module: name one with ?part=NAME"
        )
    return found.cpu().eval()


def network_of(spec: ModelSpec, *seed: str | int) -> nn.Module:
    """The entry's network without touching the network, pre-trained or at random; raises `Unavailable`."""
    reference = parse(spec.reference)
    folder = trusted_folder(reference)
    try:
        with no_network(), seeded_draws(*seed):
            return _called(reference, folder, pretrained=not spec.random)
    except (UsageError, Unavailable):
        raise
    except OSError as error:
        raise Unavailable(f"{spec.name}: {error}; fetch its weights: ptmbench fetch --model '{reference}'") from None
    except Exception as error:
        raise WeightsError(f"{spec.name}: its entry failed: {type(error).__name__}: {error}") from error


def fetch(spec: ModelSpec, *, trusted: bool) -> Path:
    """Gets the repository and, through its own entry, the weights; raises `UsageError` unless `trusted`."""
    reference = parse(spec.reference)
    repository, _ = parts_of(reference)
    folder = torch_hub_folder(repository)
    if not trusted and not (folder / TRUSTED).exists():
        raise UsageError(
            f"{repository} is code of others, and fetching it runs it here: look at "
            f"https://github.com/{repository.replace(':', '/tree/')}, then say --trust-remote-code"
        )
    check_online()
    if not folder.is_dir():
        _download(repository)
    (folder / TRUSTED).touch()
    try:
        _called(reference, folder, pretrained=True)
    except OSError as error:
        raise WeightsError(f"{repository} cannot be fetched: {error}") from None
    return folder


def _download(repository: str) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            torch.hub.list(repository, trust_repo=True, skip_validation=True)  # leaves the repository in the cache
    except OSError as error:
        raise WeightsError(f"{repository} cannot be fetched: {error}") from None


@functools.cache
def _digest(spec: ModelSpec) -> str:
    return state_sha256(network_of(spec, "torch_hub"))


def weights_sha256(spec: ModelSpec) -> str | None:
    """sha256 over the tensors; raises `Unavailable` where they are not on disk. None: a random control."""
    if spec.random:
        trusted_folder(parse(spec.reference))
        return None
    return _digest(spec)


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The entry's network as a backbone: less its classifier, or less the module that `head` names."""
    reference = parse(spec.reference)
    preprocessing = ImagePreprocessing(
        reference.integer("size") or SIDE,
        triple(reference, "mean") or IMAGENET_MEAN,
        triple(reference, "std") or IMAGENET_STD,
    )
    network = network_of(spec, "random", spec.architecture, seed)
    example = preprocessing.example(2, preprocessing.shape)
    head = reference.get("head")
    backbone = _without(network, head, example, reference) if head else classifier_backbone(network, example)
    fraction = None if spec.random else 1.0
    return LoadedModel(backbone, preprocessing, weights_sha256(spec), fraction, tensor_bytes(backbone), None)


def _without(network: nn.Module, head: str, example: torch.Tensor, reference: Reference) -> Backbone:
    parent, _, child = head.rpartition(".")
    try:
        network.get_submodule(head)
        setattr(network.get_submodule(parent), child, nn.Identity())
    except AttributeError:
        names = [name for name, _ in network.named_modules() if name]
        raise UnknownName(f"module of {reference.name}", head, names) from None
    tail = Features(network).eval()
    return Backbone(nn.Identity(), tail, feature_size(tail, example), last_stage=last_stage(tail)).eval()


def revision(spec: ModelSpec) -> str:
    """The tag or commit of the repository."""
    return parts_of(parse(spec.reference))[0].partition(":")[2]


PROVIDER = ModelProvider(build, weights_sha256, revision, lambda spec, trusted: fetch(spec, trusted=trusted))
