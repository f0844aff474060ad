"""Tests of archives: what is whole comes out, what is hostile is refused before anything is written."""

import io
import tarfile
import warnings
import zipfile

import pytest

from ptmbench.errors import UsageError
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
