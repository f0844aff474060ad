"""Strange servers and full disks: a download ends whole, or as a message that says what went wrong."""

import errno
import hashlib
import socketserver
import threading
from functools import partial

import pytest
from mutations import Trials, rng_of

from ptmbench.files import downloads

pytestmark = [
    pytest.mark.slow,
    # urllib lets go of the answer before where a redirection leads to no address
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CONTENT = bytes(range(256)) * 20
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZES = ("", "0", "-5", "17", "x", "9" * 5_000, "1e3", str(len(CONTENT)), str(len(CONTENT) + 9), "5120, 5120")
RANGES = ("bytes 0-9/10", "bytes 100-5119/5120", "x", "bytes -1-/*", "")
PLACES = (
    "/again",
    "http://[",
    "http://a:b/",
    "file:///etc/passwd",
    "",
    "//",
    "http://127.0.0.1:9/",
    "\x7f",
    "http://\u00e9/",
)
BODIES = (CONTENT, b"", b"<html>no</html>", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\nhello", b"-5\r\nhello", CONTENT[:99])
STATUSES = (
    "200 OK",
    "200",
    "204 No Content",
    "206 Partial Content",
    "301 Moved",
    "302 Found",
    "500 Oh",
    "416 No",
    "99999 x",
)


def odd_answer(rng):
    """The bytes of an answer, of which some part is not as it should be."""
    lines = [f"HTTP/1.1 {rng.choice(STATUSES)}", f"Content-Length: {rng.choice(SIZES)}"]
    if rng.random() < 0.4:
        lines.append("Transfer-Encoding: chunked")
    if rng.random() < 0.5:
        lines.append(f"Content-Range: {rng.choice(RANGES)}")
    if rng.random() < 0.5:
        lines.append(f"Location: {rng.choice(PLACES)}")
    if rng.random() < 0.2:
        lines.append(rng.choice(["no colon", ":", "x" * 70_000 + ": a", "A: b\0c"]))
    if rng.random() < 0.3:
        del lines[rng.randrange(len(lines))]
    if rng.random() < 0.2:
        lines[0], body = "HTTP/1.1 200 OK", CONTENT  # of which only some lines are strange
    else:
        body = rng.choice(BODIES)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def server():
    """Answers every request with the bytes in its `answer`."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while self.rfile.readline().strip():
                pass
            self.wfile.write(self.server.answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def test_strange_answers_are_messages(server, tmp_path, monkeypatch):
    """Whatever a server answers, also to a download that goes on: the right content, or a message."""
    monkeypatch.delenv(downloads.OFFLINE, raising=False)
    place = tmp_path / "inner" / "cache"
    place.mkdir(parents=True)
    file, part = place / "w.pth", place / "w.pth.part"
    url = f"http://127.0.0.1:{server.server_address[1]}/w.pth"
    trials = Trials("downloads", 50)
    for seed in trials.seeds:
        rng = rng_of("downloads", seed)
        server.answer = odd_answer(rng)
        file.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
        if rng.random() < 0.5:
            part.write_bytes(CONTENT[:100])
        trials.tried(seed, partial(downloads.download, url, file, SHA256), place)
        assert not file.exists() or CONTENT == file.read_bytes(), seed
    trials.held()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_disks_that_fail_are_messages(server, tmp_path, monkeypatch, code):
    """A disk that is full, read-only or broken while a download is written is one message with its reason."""
    monkeypatch.delenv(downloads.OFFLINE, raising=False)

    def fails(*_):
        raise OSError(code, "it fails")

    monkeypatch.setattr(downloads, "_write", fails)
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5120\r\n\r\n" + CONTENT
    with pytest.raises(downloads.WeightsError, match="it fails"):
        downloads.download(f"http://127.0.0.1:{server.server_address[1]}/w", tmp_path / "w")
