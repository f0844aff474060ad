"""`ptmbench check --model`: what files of weights hold, and what their pickles would call; nothing of them is run."""

from pathlib import Path
from typing import Final

from ptmbench.catalog.references import parse
from ptmbench.errors import UsageError
from ptmbench.files.second_opinion import second_opinion
from ptmbench.files.weight_contents import SAFETENSORS, contents_of
from ptmbench.outlet import say

SUFFIXES: Final = frozenset({".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".th"})
REFUSED: Final = (
    "{file}: refused, since its pickle names {names}, which could run whatever it likes: ask for safetensors, or for "
    "the tensors alone, torch.save(model.state_dict(), FILE)"
)


def check_weights(given: str) -> int:
    """Prints what the files of a model hold; raises `UsageError` for what no run would load."""
    refused = []
    for file in _files_of(given):
        found = contents_of(file)
        first, *others = found.told()
        say(f"{file}: {first}")
        for line in others:
            say(f"  {line}")
        opinion = None if found.format == SAFETENSORS else second_opinion(file)
        if opinion is not None:
            say(f"  {opinion.told()}")
        if found.refused:
            refused.append(REFUSED.format(file=file, names=", ".join(found.refused)))
    if refused:
        raise UsageError("\n".join(refused))
    return 0


def _files_of(given: str) -> list[Path]:
    """The files of weights of a reference, a folder or a path."""
    reference = parse(given)
    name = (given if Path(given).exists() else reference.name).partition("#")[0]
    place = Path(name).expanduser()
    if not place.exists():
        raise UsageError(
            f"{given}: no such file or folder; expected weights on this disk: a path, file:FILE#BUILDER or hf:FOLDER"
        )
    files = sorted(file for file in place.iterdir() if file.suffix in SUFFIXES) if place.is_dir() else [place]
    if not files:
        raise UsageError(f"{place} holds no weights: expected {', '.join(sorted(SUFFIXES))}")
    return files
