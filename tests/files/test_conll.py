"""Tests of files with a word and its tag a line: their dialects, and what is wrong with one."""

import pytest

from ptmbench.errors import UsageError
from ptmbench.files.conll import ConllForm, read_conll
from ptmbench.files.tagged_text import bioes_faults


def written(folder, text):
    """A file of that text."""
    path = folder / "own.conll"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "# id 0 domain=en\nAnn _ _ B-PER\nran _ _ O\n\n# id 1 domain=en\nhome _ _ O\n",
        "# sent_id = 0\n# text = Ann ran\nAnn\tB-PER\nran\tO\n\n# newdoc\nhome\tO\n",
        "# B-PER\nAnn\tB-PER\nran\tO\n\nhome\tO\n",
        "1\tAnn\tB-PER\n2\tran\tO\n\n1\thome\tO\n",
        "1-2\tAnnran\t_\n1\tAnn\tB-PER\n2\tran\tO\n\n1\thome\tO\n1.1\tgone\t_\n",
    ],
    ids=["spaces", "conllu", "no_tab", "numbered", "several_in_one"],
)
def test_comments_and_numbers_are_no_words(tmp_path, text):
    """Comments before sentences are passed over, and a first column that counts is not the word."""
    read = read_conll(written(tmp_path, text))

    assert (("Ann", "ran"), ("home",)) == read.sentences
    assert (("B-PER", "O"), ("O",)) == read.tags


def test_a_number_sign_can_be_a_word(tmp_path):
    """A line of "#" with a valid tag, and hashtags, are words; without a tag they are faults, and no comments."""
    read = read_conll(written(tmp_path, "# O\n#x B-T\nhas O\n"))

    assert (("#", "#x", "has"),) == read.sentences
    with pytest.raises(UsageError, match="line 2: no tag after '#x'"):
        read_conll(written(tmp_path, "a O\n#x\n"))


def test_bioes_is_read_and_its_order_checked(tmp_path):
    """B to E and S alone are entities; what breaks off or goes on with nothing is a fault with its line."""
    assert ("B-x", "I-x", "E-x", "S-y") == read_conll(written(tmp_path, "a B-x\nb I-x\nc E-x\nd S-y\n")).tags[0]
    assert [] == bioes_faults(["O", "S-x", "B-x", "E-x", "O"])
    assert [1, 2, 3] == [place for place, _ in bioes_faults(["B-x", "O", "E-x", "B-y"])]
    with pytest.raises(UsageError, match="(?s)line 1: B-x ends the sentence.*line 4: E-y follows S-x"):
        read_conll(written(tmp_path, "a B-x\n\nb S-x\nc E-y\n"))


def test_iob1_is_read_as_bio(tmp_path):
    """The first form of CoNLL 2003 needs no repair; one B-TYPE behind O says that the file is no such one."""
    text = "Ann I-x\nLee I-x\nBob B-x\nran O\n\nEve I-y\n"

    assert (("B-x", "I-x", "B-x", "O"), ("B-y",)) == read_conll(written(tmp_path, text)).tags
    with pytest.raises(UsageError, match="(?s)2 faults.*line 1: I-x opens the sentence.*line 6"):
        read_conll(written(tmp_path, f"{text}\nran O\nIan B-x\n"))


def test_other_schemes_are_named(tmp_path):
    """BMES is read as it stands; BILOU is refused by its name, with what to write."""
    assert ("B-x", "M-x", "E-x") == read_conll(written(tmp_path, "a B-x\nb M-x\nc E-x\n")).tags[0]
    with pytest.raises(UsageError, match="line 2: the tag 'L-x'(?s:.*)this is BILOU: write S- in place of U-"):
        read_conll(written(tmp_path, "a B-x\nb L-x\n"))


def test_plain_labels_stand_in_any_column(tmp_path):
    """Parts of speech are read on request, from the column that is named; every word needs one."""
    text = "# text = a\n1\tThe\tthe\tDET\t_\n2\tcat\tcat\tNOUN\t_\n"
    read = read_conll(written(tmp_path, text), ConllForm(plain=True, tag=4))

    assert ((("The", "cat"),), (("DET", "NOUN"),)) == (read.sentences, read.tags)
    assert ("the", "cat") == read_conll(written(tmp_path, text), ConllForm(plain=True, word=3, tag=4)).sentences[0]
    with pytest.raises(UsageError, match="line 2: there is no column 9; there are 5"):
        read_conll(written(tmp_path, text), ConllForm(plain=True, tag=9))
    with pytest.raises(UsageError, match=r"the tag '_' is not O.*(?s:.*)\?scheme=plain"):
        read_conll(written(tmp_path, text))


def test_a_file_without_blank_lines_is_no_sentence(tmp_path):
    """Hundreds of words without a blank line lack the lines between their sentences; one long sentence is read."""
    with pytest.raises(UsageError, match="(?s)one sentence of 201 words.*put a blank line after each sentence"):
        read_conll(written(tmp_path, "word O\n" * 201))
    assert 150 == len(read_conll(written(tmp_path, "word O\n" * 150)).sentences[0])
