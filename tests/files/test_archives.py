"""Tests of archives: what is whole comes out, what is hostile is refused before anything is written."""

import io
import tarfile
import warnings
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from ptmbench.errors import UsageError
from ptmbench.files import archives
from ptmbench.files.archives import leads_out, unpack


def tar(file, names, kind=tarfile.REGTYPE):
    """A compressed tar file with members of those names."""
    with tarfile.open(file, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, 3 if kind == tarfile.REGTYPE else 0, "/etc/passwd"
            archive.addfile(entry, io.BytesIO(b"abc"))
    return file


def packed(file, names):
    """A zip file with members of those names."""
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "abc")
    return file


@pytest.mark.parametrize("make", [tar, packed])
def test_a_harmless_archive_comes_out_whole(tmp_path, make):
    """Files and folders are unpacked as they are."""
    unpack(make(tmp_path / "a", ["x/1.txt", "x/y/2.txt"]), tmp_path / "out")

    assert ["1.txt", "2.txt"] == sorted(path.name for path in (tmp_path / "out").rglob("*.txt"))


@pytest.mark.parametrize("make", [tar, packed])
@pytest.mark.parametrize("name", ["/tmp/evil", "../evil", "a/../../evil", "C:\\evil", "..\\evil", "\\\\host\\evil"])  # noqa: S108
def test_members_that_lead_out_are_refused(tmp_path, make, name):
    """An absolute path or a `..` refuses the whole archive, its harmless members too."""
    archive = make(tmp_path / "a", ["good.txt", name])

    with pytest.raises(UsageError, match="was refused and nothing was unpacked: 1 members"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    """Only files and folders come out of a tar file."""
    with pytest.raises(UsageError, match="links: thing"):
        unpack(tar(tmp_path / "a", ["thing"], kind), tmp_path / "out")


def test_half_an_archive_is_named(tmp_path):
    """A truncated archive and a file that is none are one message."""
    whole = tar(tmp_path / "a.tgz", ["x"]).read_bytes()
    for content in (whole[:30], b"hello", b""):
        (tmp_path / "b.tgz").write_bytes(content)
        with pytest.raises(UsageError, match="b.tgz cannot be unpacked"):
            unpack(tmp_path / "b.tgz", tmp_path / "out")


def test_ordinary_names_stay_inside():
    """Dots in names and folders of one letter are no way out."""
    assert not any(map(leads_out, ["a..b/c", "...", "x/.hidden", "c/drive"]))


def test_early_pythons_do_without_a_filter(tmp_path, monkeypatch):
    """Python 3.11.0 to 3.11.3 know no extraction filter; archives come out there too."""
    extract = tarfile.TarFile.extractall

    def early(archive, folder):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of later Pythons, which want a filter
            extract(archive, folder)

    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setattr(tarfile.TarFile, "extractall", early)
    unpack(tar(tmp_path / "a", ["x/1.txt"]), tmp_path / "out")

    assert "abc" == (tmp_path / "out" / "x" / "1.txt").read_text()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    """An archive that unpacks to far more than its own size is named, with what it came to."""
    monkeypatch.setattr(archives, "SMALL", 10_000)
    bomb = tmp_path / "bomb.tgz"
    with tarfile.open(bomb, "w:gz") as archive:
        for number in range(3):
            entry = tarfile.TarInfo(str(number))
            entry.size = 10**6
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10**6))

    for name in ("bomb.tgz", "bomb.zip"):
        with pytest.raises(UsageError, match=r"unpack to [12],000,000 or more, in [12] members or more"):
            unpack(tmp_path / name, tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_what_does_not_fit_is_not_begun(tmp_path, monkeypatch):
    """The space that is left is asked for first, at the nearest folder that is there."""
    free = {tmp_path: 2}
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda place: SimpleNamespace(free=free[place]))
    with pytest.raises(UsageError, match="needs 3 bytes or more and 2 are free"):
        unpack(tar(tmp_path / "a", ["x"]), tmp_path / "new" / "out")


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    """Millions of empty files fill a disk as well."""
    monkeypatch.setattr(archives, "MEMBERS", 2)
    with pytest.raises(UsageError, match="in 3 members or more"):
        unpack(packed(tmp_path / "a", "abc"), tmp_path / "out")


def test_whatever_is_wrong_with_an_archive_is_a_message(tmp_path):
    """A stream that breaks off in the middle, of any compression, a password, and a folder that cannot be written."""
    for form in ("gz", "bz2", "xz"):
        file = tmp_path / f"a.{form}"
        with tarfile.open(file, f"w:{form}") as archive:
            entry = tarfile.TarInfo("x")
            entry.size = 50_000
            archive.addfile(entry, io.BytesIO(np.random.default_rng(0).bytes(entry.size)))
        content = bytearray(file.read_bytes())
        content[len(content) // 2 :: 7] = bytes(len(content[len(content) // 2 :: 7]))
        file.write_bytes(content)
        with pytest.raises(UsageError, match="cannot be unpacked"):
            unpack(file, tmp_path / "out")
    secret = bytearray(packed(tmp_path / "a.zip", ["x"]).read_bytes())
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(head) + place] |= 1
    (tmp_path / "a.zip").write_bytes(secret)
    with pytest.raises(UsageError, match="password required"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be unpacked into"):
        unpack(tar(tmp_path / "b", ["x"]), tmp_path / "file" / "out")
