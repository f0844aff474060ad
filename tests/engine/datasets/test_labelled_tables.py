"""Tests of tables as samples: pictures by their paths, pairs, one file or several."""

import numpy as np
import pytest
from PIL import Image

from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.traits import TaskKind
from ptmbench.engine.data import load
from ptmbench.errors import UsageError


@pytest.fixture
def pictures(tmp_path):
    """A table of paths of pictures of noise, and the folder that it lies in."""
    lines = ["path,kind"]
    generator = np.random.default_rng(0)
    (tmp_path / "img").mkdir()
    for index in range(40):
        Image.fromarray(generator.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "img" / f"{index}.png")
        lines.append(f"img/{index}.png,{'cat' if index % 2 else 'dog'}")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    return tmp_path


def test_pictures_by_their_paths(pictures):
    """image=COLUMN makes a task of pictures, whose paths start where the table lies or in images=FOLDER."""
    reference = f"csv:{pictures}/a.csv?image=path&label=kind"
    found = load(reference)

    assert TaskKind.IMAGE_CLASSIFICATION is task_spec(reference, ()).kind
    assert (("cat", "dog"), 40) == (found.samples.classes, len(found.samples.files))
    assert found.samples.files[0].is_file()
    assert found.samples.digests == load(f"{reference}&images={pictures}").samples.digests


def test_paths_that_windows_wrote_are_read(pictures):
    """Backslashes divide folders where no file has such a name, and lead out of the folder no more than slashes do."""
    table = pictures / "a.csv"
    expected = load(f"csv:{table}?image=path&label=kind").samples.digests
    table.write_text(table.read_text().replace("/", "\\"))
    assert expected == load(f"csv:{table}?image=path&label=kind").samples.digests
    with table.open("a") as file:
        file.write("\n..\\..\\etc\\x.png,dog\n")
    with pytest.raises(UsageError, match="leads out of"):
        load(f"csv:{table}?image=path&label=kind")


def test_faulty_pictures_of_a_table_are_told_with_their_lines(pictures):
    """Missing, broken and outside pictures stand in one message; a table of paths is not read as texts."""
    (pictures / "img" / "broken.png").write_bytes(b"x")
    with (pictures / "a.csv").open("a") as file:
        file.write("\nimg/none.png,cat\nimg/broken.png,dog\n../../etc/x.png,dog\n")
    reference = f"csv:{pictures}/a.csv?image=path&label=kind"
    told = r"(?s)3 faults.*csv:42: img/none.png: cannot be read.*csv:43: .*no picture.*csv:44: .* leads out of"

    with pytest.raises(UsageError, match=told):
        load(reference)
    assert 40 == len(load(reference, skip_bad=True).samples.files)
    with pytest.raises(UsageError, match=r"the paths of pictures.*image=path&label=kind"):
        load(f"csv:{pictures}/a.csv?text=path&label=kind")


def test_pairs_are_part_of_the_digest(tmp_path):
    """The same first texts with other second ones are other data."""
    found = []
    for second in ("yes", "no"):
        rows = [f"first {index},{second} {index},{index % 2}" for index in range(40)]
        (tmp_path / "a.csv").write_text("a,b,label\n" + "\n".join(rows))
        found.append(load(f"csv:{tmp_path}/a.csv?text=a&pair=b"))

    assert "yes 0" == found[0].samples.pairs[0]
    assert found[0].sha256 != found[1].sha256
    assert found[0].samples.texts == found[1].samples.texts


def test_options_that_contradict_each_other(tmp_path):
    """image goes without text, images with image."""
    for options in ("image=a&text=b", "images=img"):
        with pytest.raises(UsageError, match="image=COLUMN"):
            task_spec(f"csv:{tmp_path}?{options}", ())
