"""What a file that was given as weights really is, told by how it begins: archives, pointers, pages, other formats."""

import zipfile
from pathlib import Path

from ptmbench.reading import opened

HEAD = 512
SAVE = "save the tensors alone: torch.save(model.state_dict(), FILE), or as safetensors"
_BEGINNINGS = (  # bytes, what begins so, what to do
    (b"version https://git-lfs", "a git-lfs pointer and not the weights", "run git lfs pull, or download the file"),
    (b"Rar!", "a RAR archive", "unpack it and name the file inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and name the file inside"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and name the file inside"),
    (b"BZh", "a bzip2 archive", "unpack it and name the file inside"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it and name the file inside"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it and name the file inside"),
    (b"\x93NUMPY", "a NumPy array", SAVE),
    (b"\x89HDF", "an HDF5 file, as Keras writes them", "load it with keras:NAME@FILE, or " + SAVE),
    (b"GGUF", "a GGUF file for llama.cpp", "take the safetensors that it was made from"),
    (b"<!DOCTYPE", "a web page", "download the file itself"),
    (b"<!doctype", "a web page", "download the file itself"),
    (b"<html", "a web page", "download the file itself"),
)
_MEMBERS = (  # how the name of a member of a zip archive ends, and what the archive is then; nothing: a checkpoint
    ("constants.pkl", f"is a TorchScript program, which holds code: {SAVE}"),
    ("archive_format", f"is a program of torch.export, which holds code: {SAVE}"),
    ("exported_program.json", f"is a program of torch.export, which holds code: {SAVE}"),
    ("model.weights.h5", "is a model of Keras: save its weights with model.save_weights, and name keras:NAME@FILE"),
    ("data.pkl", ""),
)


def not_weights(file: Path) -> str | None:
    """What a file is and what to do, where it is no checkpoint of torch or safetensors; None where it may be one.

    Only the beginning of the file is read, and the names in a zip archive.
    """
    try:
        with opened(file) as stream:
            head = stream.read(HEAD)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not head:
        return "is empty, and no whole checkpoint: download it again"
    for beginning, what, advice in _BEGINNINGS:
        if head.startswith(beginning):
            return f"is {what}: {advice}"
    if head.startswith(b"PK\x03\x04"):
        return _not_torch(file)
    return None


def is_safetensors(file: Path) -> bool:
    """Whether a file begins as safetensors do: eight bytes of length, then JSON."""
    with opened(file) as stream:
        head = stream.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < file.stat().st_size


def is_torch_archive(file: Path) -> bool:
    """Whether a file is a zip archive, as torch saves checkpoints."""
    with opened(file) as stream:
        return stream.read(4) == b"PK\x03\x04"


def _not_torch(file: Path) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return None  # cut off: whoever reads it says so
    if names and all(name.endswith(".npy") for name in names):
        return f"is an archive of NumPy arrays (npz), whose names and axes are not torch's: {SAVE}"
    held = next((what for ending, what in _MEMBERS if any(name.endswith(ending) for name in names)), None)
    if held is None:
        return "is a zip archive that torch did not save: unpack it and name the file inside"
    return held or None
