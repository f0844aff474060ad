"""Tests of reading words off a pickle without running it."""

import io
import pickle
import zipfile

from ptmbench.files.pickle_names import words_in


class Payload:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


def archived(file, content, name="m/data.pkl"):
    """A zip archive with those bytes as one member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr(name, content)
    file.write_bytes(stream.getvalue())
    return file


def test_words_are_read_and_nothing_runs(tmp_path):
    """Keys stand there as they are, beside what a reader of pickles would run."""
    file = archived(tmp_path / "w.pth", pickle.dumps({"model": 1, "args": Payload()}))

    assert {"model", "args"} <= words_in(file)


def test_what_is_cut_off_gives_what_it_has(tmp_path):
    """A pickle without its end has the words before it."""
    file = archived(tmp_path / "w.pth", pickle.dumps({"model": 1, "other": "x" * 300})[:-200])

    assert {"model", "other"} == words_in(file)


def test_other_files_have_no_words(tmp_path):
    """An older pickle, an archive without one, and a file that is not there."""
    (tmp_path / "old.pth").write_bytes(pickle.dumps({"model": 1}))
    archived(tmp_path / "zip.pth", b"x", "readme.txt")
    archived(tmp_path / "noise.pth", b"\xff\xff")

    assert [frozenset()] * 4 == [words_in(tmp_path / f"{name}.pth") for name in ("old", "zip", "noise", "nowhere")]
