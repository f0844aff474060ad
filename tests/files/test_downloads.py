"""Tests of downloads, from a server of our own on this machine."""

import fcntl
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ptmbench.errors import UsageError, WeightsError
from ptmbench.files.downloads import download

CONTENT = bytes(range(256)) * 5_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Server(BaseHTTPRequestHandler):
    """Serves CONTENT under any name; `/cut` breaks off in the middle unless asked for the rest, `/gone` is absent."""

    def do_GET(self):
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if self.path == "/gone":
            self.send_error(404)
            return
        if start >= len(CONTENT):
            self.send_error(416)
            return
        partly = start > 0 and self.path != "/whole-only"
        body = CONTENT[start if partly else 0 :]
        self.send_response(206 if partly else 200)
        if self.path == "/other-range":
            self.send_header("Content-Range", f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", "long" if self.path == "/nonsense" else str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(CONTENT) // 2] if self.path == "/cut" and not start else body)

    def log_message(self, *_arguments):
        """Keeps quiet."""


@pytest.fixture(scope="module")
def server():
    """The address of the running server."""
    found = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


@pytest.fixture(autouse=True)
def online(monkeypatch):
    """Fetching is allowed."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def test_a_file_appears_whole(server, tmp_path):
    """What was served lies in the file, in a folder that was not there before, and no partial file is left."""
    download(f"{server}/file", tmp_path / "new" / "w.pth", SHA256[:8])

    assert CONTENT == (tmp_path / "new" / "w.pth").read_bytes()
    assert ["w.pth"] == [path.name for path in (tmp_path / "new").iterdir()]


def test_a_cut_download_goes_on(server, tmp_path):
    """The half that came stays in a partial file, and the next call fetches the other half alone."""
    with pytest.raises(WeightsError, match="was cut off at 640,000 of 1,280,000 bytes; the same command goes on"):
        download(f"{server}/cut", tmp_path / "w.pth", SHA256)
    assert not (tmp_path / "w.pth").exists()
    assert len(CONTENT) // 2 == (tmp_path / "w.pth.part").stat().st_size
    download(f"{server}/cut", tmp_path / "w.pth", SHA256)

    assert CONTENT == (tmp_path / "w.pth").read_bytes()


@pytest.mark.parametrize(("there", "path"), [(CONTENT, "/file"), (CONTENT[:99], "/whole-only")])
def test_servers_that_answer_otherwise(server, tmp_path, there, path):
    """A partial file that is whole already, and a server that always sends everything, end in the right file."""
    (tmp_path / "w.pth.part").write_bytes(there)
    download(server + path, tmp_path / "w.pth", SHA256)

    assert CONTENT == (tmp_path / "w.pth").read_bytes()


def test_other_content_is_thrown_away(server, tmp_path):
    """Content of another sha256 leaves no file behind, whole or partial."""
    with pytest.raises(WeightsError, match="expected sha256 00000000, got"):
        download(f"{server}/file", tmp_path / "w.pth", "00000000")

    assert [] == list(tmp_path.iterdir())


def test_what_cannot_be_reached_is_said(server, tmp_path, monkeypatch):
    """A missing file, a dead server and an environment that forbids the network are one message each."""
    with pytest.raises(WeightsError, match="the server says 404"):
        download(f"{server}/gone", tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="cannot be reached"):
        download("http://127.0.0.1:9/w.pth", tmp_path / "w.pth")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE is set"):
        download(f"{server}/file", tmp_path / "w.pth")


def test_a_length_that_is_none_is_not_believed(server, tmp_path):
    """Where the length of an answer is no number, the file is what came."""
    download(f"{server}/nonsense", tmp_path / "w.pth", SHA256)

    assert CONTENT == (tmp_path / "w.pth").read_bytes()


def test_another_range_is_not_appended(server, tmp_path):
    """A server that goes on elsewhere than asked is refused, and the partial file stays as it was."""
    (tmp_path / "w.pth.part").write_bytes(CONTENT[:99])
    with pytest.raises(WeightsError, match="expected the bytes from 99 on, the server sends 'bytes 7-"):
        download(f"{server}/other-range", tmp_path / "w.pth")

    assert CONTENT[:99] == (tmp_path / "w.pth.part").read_bytes()


def test_a_folder_that_cannot_be_made_is_said(server, tmp_path):
    """A file in the place of the cache's folder is one message."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(WeightsError, match="cannot be written"):
        download(f"{server}/file", tmp_path / "cache" / "w.pth", SHA256)


def test_two_downloads_of_one_file_do_not_mix(tmp_path):
    """While one process writes what comes, another one is told so, and leaves the bytes alone."""
    part = tmp_path / "w.pth.part"
    part.write_bytes(b"half")
    with part.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(WeightsError, match="another process downloads"):
            download("http://127.0.0.1:9/w.pth", tmp_path / "w.pth")

    assert b"half" == part.read_bytes()


def test_nothing_is_left_where_nothing_came(tmp_path):
    """A server that is not there leaves no empty file behind."""
    with pytest.raises(WeightsError, match="cannot be reached"):
        download("http://127.0.0.1:9/w.pth", tmp_path / "w.pth")

    assert [] == list(tmp_path.iterdir())
