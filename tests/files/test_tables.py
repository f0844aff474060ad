"""Tests of tables of labelled text: every usual form, and everything that can be wrong with one."""

from pathlib import Path

import pytest

from ptmbench.errors import UsageError
from ptmbench.files.tables import TableForm, part_files, part_of, read_tables


def write(path, text, encoding="utf-8"):
    """A file with that text."""
    path.write_bytes(text.encode(encoding))
    return path


def test_commas_and_quotes(tmp_path):
    """A cell may hold commas, quotes and line breaks, and columns are found by their headings."""
    file = write(tmp_path / "a.csv", 'id,stars,review\n1,good,"fine, ""very"" fine\nindeed"\n2,bad,poor\n')
    found = read_tables(file, TableForm(text="review", label="stars"))

    assert ('fine, "very" fine\nindeed', "poor") == found.texts
    assert ("good", "bad") == found.labels
    assert ("a.csv:3", "a.csv:4") == found.ids


def test_tabs_without_headings(tmp_path):
    """Columns by number stand in a file without headings; a quote in tab-separated text is a quote."""
    file = write(tmp_path / "a.tsv", 'say "no\t0\nsay yes\t1\n')

    assert ('say "no', "say yes") == read_tables(file, TableForm("1", "2")).texts
    assert ("say yes",) == read_tables(
        write(tmp_path / "b.tsv", "l\tt\n0\ta\n1\tsay yes\n"), TableForm("t", "l")
    ).texts[1:]


def test_labels_before_a_space(tmp_path):
    """The form of TREC: COARSE:fine, a space, the question, in latin-1."""
    file = write(tmp_path / "q.label", "DESC:manner How so ?\nNUM:date When was \x85 caf\xe9 ?\n", "latin-1")
    found = read_tables(file, TableForm("2", "1", "space", "latin-1", ":"))

    assert ("DESC", "NUM") == found.labels
    assert "How so ?" == found.texts[0]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train.tsv", "train"), ("wnut17train.conll", "train"), ("emerging.dev.conll", "validation"),
        ("emerging.test.annotated", "test"), ("latest.csv", None), ("train_test.csv", None), ("TREC_10.label", None),
    ],
)  # fmt: skip
def test_file_names_speak_of_parts(name, part):
    """One whole word of a file's name says which part it is."""
    assert part == part_of(Path(name))


def test_a_folder_has_a_file_for_each_part(tmp_path):
    """Files are found by name, and two for one part are refused."""
    for name in ("train.tsv", "test.tsv", "readme.md"):
        write(tmp_path / name, "a\t0\nb\t1\n")

    assert {"train", "test"} == set(part_files(tmp_path))
    write(tmp_path / "train2.tsv", "a\t0\n")
    with pytest.raises(UsageError, match=r"several files for a part: train.tsv, train2.tsv"):
        part_files(tmp_path)


def test_all_faulty_lines_are_told_at_once_and_can_be_skipped(tmp_path):
    """Empty texts, missing labels and short rows stand in one message with their lines."""
    file = write(tmp_path / "a.csv", "text,label\n,x\nfine,\nshort\ngood,y\nbad,x\nhidden,-1\n")

    with pytest.raises(
        UsageError, match=r"(?s)4 faults.*a.csv:2: the text is empty.*:3: no label.*:4: 1 columns.*:7: no label"
    ):
        read_tables(file, TableForm())
    found = read_tables(file, TableForm(), skip_bad=True)

    assert ("good", "bad") == found.texts
    assert 4 == len(found.left_out)


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("text,lable\na,b\n", TableForm(), "did you mean lable"),
        ("text,label\na,x\nb,x\n", TableForm(), "expected two labels or more, got x"),
        ("", TableForm(), "the file is empty"),
        ("a,b\n", TableForm("1", "3"), "there is no column 3; there are 2"),
        ("a,b\n", TableForm("1", "2", "coma"), "did you mean comma"),
        ("text,label\ncaf\xe9,x\n", TableForm(encoding="ascii"), "not ascii.*encoding=latin-1"),
        ("text,label\na,x\n", TableForm(encoding="utf-9"), "not utf-9"),
    ],
)
def test_bad_tables_say_what_was_expected(tmp_path, text, form, message):
    """A wrong column, delimiter or encoding, or too few labels, is one message."""
    with pytest.raises(UsageError, match=message):
        read_tables(write(tmp_path / "a.csv", text), form)


def test_a_label_that_training_never_shows_is_refused(tmp_path):
    """The test part may only hold labels that training has."""
    train, test = write(tmp_path / "train.tsv", "a\t0\nb\t1\n"), write(tmp_path / "test.tsv", "c\t2\n")

    with pytest.raises(UsageError, match="labels of the test part that no training example has: 2"):
        read_tables({"train": train, "test": test}, TableForm("1", "2"))
