"""Downloads of one file: with progress, going on where an earlier one was cut off, checked by sha256."""

import contextlib
import hashlib
import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from ptmbench.errors import UsageError, WeightsError
from ptmbench.reading import opened

CHUNK = 2**20
TIMEOUT_S = 60
PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 206, 416
MOST_DIGITS = 16  # of a length that can be one
OFFLINE = "HF_HUB_OFFLINE"


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Inside, nothing touches the network: the variable that Hugging Face's libraries heed is set."""
    before = os.environ.get(OFFLINE)
    os.environ[OFFLINE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[OFFLINE]
        else:
            os.environ[OFFLINE] = before


def check_online() -> None:
    """Raises `UsageError` where the environment says that the network must not be touched."""
    if os.environ.get(OFFLINE, "").lower() in {"1", "true", "yes", "on"}:
        raise UsageError(f"{OFFLINE} is set, and fetching needs the network: unset it, or copy the files by hand")


def download(url: str, file: Path, sha256: str = "") -> None:
    """Fetches a URL into a file that appears when it is whole; `sha256` is its digest or the head of it.

    What arrives stands in `FILE.part` until then, and a later call goes on from there. Raises `WeightsError`.
    """
    check_online()
    part = file.with_name(f"{file.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            _receive(url, part)
            with opened(part) as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            if not found.startswith(sha256):
                part.unlink()
                raise WeightsError(
                    f"{url}: expected sha256 {sha256}, got {found}; what came was thrown away: try again"
                )
            part.replace(file)
    except OSError as error:  # a full or read-only disk
        raise WeightsError(f"{part} cannot be written ({error.strerror or error}); mend it and try again") from None


@contextlib.contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Only one process at a time is inside for a partial file: two would mix their bytes; raises `WeightsError`."""
    with part.open("ab") as held:
        try:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WeightsError(f"another process downloads {part} now: try again when it is done") from None
        try:
            yield
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()  # nothing came that a later call could go on from


def _receive(url: str, part: Path) -> None:
    """Appends to the partial file what it lacks."""
    there = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={there}-"} if there else {})  # noqa: S310  the catalog's and users' own
    try:
        with urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310  likewise
            there = there if response.status == PARTIAL_CONTENT else 0
            _check_range(response, url, there)
            total = _total(response, there)
            _write(response, part, there, total)
    except HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE and there:
            return  # nothing is lacking: the digest will say whether it is right
        raise WeightsError(f"{url}: the server says {error.code} {error.reason}") from None
    except (URLError, TimeoutError, ConnectionError, http.client.HTTPException, ValueError) as error:
        # ValueError: an address that is none, the server's own redirection included
        why = getattr(error, "reason", None) or error
        raise WeightsError(f"{url} cannot be reached ({why}); the same command goes on from where it was") from None
    if total and part.stat().st_size < total:
        raise WeightsError(
            f"{url} was cut off at {part.stat().st_size:,} of {total:,} bytes; the same command goes on from there"
        )


def _check_range(response: http.client.HTTPResponse, url: str, there: int) -> None:
    """Raises `WeightsError` where a server says that it sends another part of the file than the one asked for."""
    sent = response.headers.get("Content-Range")
    if response.status == PARTIAL_CONTENT and sent and not sent.startswith(f"bytes {there}-"):
        raise WeightsError(
            f"{url}: expected the bytes from {there:,} on, the server sends {sent[:80]!r}: try again later"
        )


def _total(response: http.client.HTTPResponse, there: int) -> int:
    """The size of the whole file as the server tells it, 0 where it tells none: a length may be missing or nonsense."""
    length = response.headers.get("Content-Length", "")
    told = length.isascii() and length.isdecimal() and len(length) < MOST_DIGITS
    return there + int(length) if told and int(length) else 0


def _write(response: http.client.HTTPResponse, part: Path, there: int, total: int) -> None:
    name = part.name.removesuffix(".part")
    bar = tqdm(total=total or None, initial=there, desc=name, unit="B", unit_scale=True, unit_divisor=1024)
    with bar, part.open("ab" if there else "wb") as stream:
        while chunk := response.read(CHUNK):
            stream.write(chunk)
            bar.update(len(chunk))
