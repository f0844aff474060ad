"""Tests of `ptmbench.files.tagged_text`."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.errors import UsageError
from ptmbench.files.conll import read_conll
from ptmbench.files.tagged_text import bio_faults, check_texts, check_tokens, is_iob1, read_labelled, repair_bio


def flat(parts):
    """All elements of all parts."""
    return list(itertools.chain.from_iterable(parts))


kinds = st.sampled_from(["PER", "LOC", "a-b"])
tags = st.one_of(st.just("O"), st.builds("{}-{}".format, st.sampled_from("BI"), kinds))
entities = st.builds(lambda kind, more: [f"B-{kind}", *[f"I-{kind}"] * more], kinds, st.integers(0, 3))
valid = st.lists(st.one_of(st.just(["O"]), entities), max_size=8).map(flat)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1, max_size=6)
fields = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), min_size=1, max_size=9).map(str.strip)


def written(folder, content):
    """A file with the given text or bytes."""
    path = folder / "own.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(read, *arguments, **options):
    """The message with which a file is refused."""
    with pytest.raises(UsageError) as refused:
        read(*arguments, **options)
    return str(refused.value)


@given(valid)
def test_valid_tags_have_no_fault_and_stay(sequence):
    """Tags that are BIO already have no fault and are not touched by the repair."""
    assert [] == bio_faults(sequence)
    assert tuple(sequence) == repair_bio(sequence)


@given(st.lists(tags, max_size=12))
def test_repaired_tags_have_no_fault(sequence):
    """The repair changes exactly the faulty tags, only from I to B, and leaves no fault."""
    repaired = repair_bio(sequence)

    changed = [place for place, pair in enumerate(zip(sequence, repaired, strict=True)) if pair[0] != pair[1]]
    assert [] == bio_faults(repaired)
    assert changed == [place for place, _ in bio_faults(sequence)]
    assert all((sequence[place][0], repaired[place][0]) == ("I", "B") for place in changed)


@given(st.lists(valid, max_size=4))
def test_iob1_says_the_same_as_bio(sentences):
    """BIO written as IOB1 is told by its tags and comes back as it was; BIO itself is never taken for it."""
    old = [
        [
            tag if tag == "O" or before[1:] == tag[1:] else f"I{tag[1:]}"
            for before, tag in itertools.pairwise(("O", *sentence))
        ]
        for sentence in sentences
    ]

    assert [tuple(sentence) for sentence in sentences] == [repair_bio(row) for row in old]
    assert any(map(bio_faults, old)) == is_iob1(old)
    assert not is_iob1(sentences)


@pytest.mark.parametrize("tag", ["", "B-", "I-", "B", "PER", "E-PER", "o", "B-two words"])
def test_what_is_no_tag_is_named_and_not_repaired(tag):
    """A tag that is not O, B-TYPE or I-TYPE is a fault that the repair leaves alone."""
    assert [(1, f"the tag {tag!r} is not O, B-TYPE or I-TYPE")] == bio_faults(["O", tag])
    assert ("O", tag) == repair_bio(["O", tag])


@given(sentences=st.lists(st.lists(st.tuples(words, tags), min_size=1, max_size=5), min_size=1, max_size=4))
def test_conll_files_are_read_as_written(sentences, tmp_path_factory):
    """Words and tags come back as they were written, with the line each sentence begins in."""
    sentences = [
        [(word, tag) for (word, _), tag in zip(s, repair_bio([t for _, t in s]), strict=True)] for s in sentences
    ]
    lines = [[*(f"{word}\t{tag}" for word, tag in sentence), "\t"] for sentence in sentences]
    path = written(tmp_path_factory.mktemp("conll"), "\n".join(flat(lines)))

    read = read_conll(path)

    assert tuple(tuple(word for word, _ in sentence) for sentence in sentences) == read.sentences
    assert tuple(tuple(tag for _, tag in sentence) for sentence in sentences) == read.tags
    assert tuple(1 + sum(map(len, lines[:index])) for index in range(len(lines))) == read.lines
    assert 0 == read.repairs


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spaces_columns_and_document_starts(tmp_path, end):
    """The word is the first column and the tag the last; document starts and a byte order mark are passed over."""
    lines = ["\ufeff-DOCSTART- -X- -X- O", "", "EU NNP B-NP B-ORG", "rejects VBZ B-VP O", " ", "Peter NNP B-NP B-PER"]

    read = read_conll(written(tmp_path, end.join(lines)))

    assert (("EU", "rejects"), ("Peter",)) == read.sentences
    assert (("B-ORG", "O"), ("B-PER",)) == read.tags
    assert (3, 6) == read.lines


def test_unicode_spaces_break_no_line(tmp_path):
    """Only a line feed ends a line: a word may hold the line separator that tweets hold."""
    read = read_conll(written(tmp_path, "a\u2028b\tO\nc\x85d\tO\n"))

    assert (("a\u2028b", "c\x85d"),) == read.sentences


def test_an_entity_that_begins_inside_is_repaired_only_on_demand(tmp_path):
    """An I-TYPE without its B-TYPE is refused, and read as B-TYPE and counted where the repair is asked for."""
    path = written(tmp_path, "a\tI-x\nb\tI-x\nc\tI-y\n\nd\tO\ne\tB-x\n")

    told = refusal(read_conll, path)
    read = read_conll(path, repair=True)

    assert f"{path}: 2 faults" in told
    assert "line 1: I-x opens the sentence" in told
    assert "line 3: I-y follows I-x, expected B-y or I-y before it" in told
    assert "?repair=true behind the reference" in told
    assert "ptmbench check FILE --form tagged --repair" in told
    assert (("B-x", "I-x", "B-y"), ("O", "B-x")) == read.tags
    assert 2 == read.repairs


@pytest.mark.parametrize("repair", [False, True])
def test_all_faults_of_a_conll_file_stand_in_one_message(tmp_path, repair):
    """Each faulty line is listed with its number, bytes first, and what to do about it."""
    content = b"a\tO\nb\nc\tB-\nd\tX\tO\n\tO\ncaf\xe9\tO\ne\t\n"

    told = refusal(read_conll, written(tmp_path, content), repair=repair)

    listed = [line.strip() for line in told.splitlines() if line.startswith("  line")]
    assert listed == [
        "line 6: not UTF-8: byte 0xe9 at offset 23 of the file",
        "line 2: no tag after 'b'",
        "line 3: the tag 'B-' is not O, B-TYPE or I-TYPE",
        "line 4: 3 columns, where the first line has 2",
        "line 5: an empty word",
        "line 7: no tag after 'e'",
    ]
    assert "iconv -f LATIN1 -t UTF-8" in told
    assert "6 faults; expected a word and its tag a line" in told


def test_a_utf16_file_is_recognised(tmp_path):
    """A file with the byte order mark of UTF-16 is not taken for Latin-1."""
    told = refusal(read_labelled, written(tmp_path, "good\t1\n".encode("utf-16")))

    assert "iconv -f UTF-16 -t UTF-8" in told


def test_long_lists_of_faults_are_cut(tmp_path):
    """Twenty faults are listed and the rest is counted."""
    told = refusal(read_labelled, written(tmp_path, "no label\n" * 33))

    assert 20 == told.count("\n  line ")
    assert "33 faults" in told
    assert "... and 13 more" in told


@given(rows=st.lists(st.tuples(fields.filter(bool), fields.filter(bool)), min_size=1, max_size=5))
def test_labelled_files_are_read_as_written(rows, tmp_path_factory):
    """Texts and labels come back as they were written."""
    content = "\n\n".join(f"{text}\t{label}" for text, label in [("x", "y"), *rows])

    read = read_labelled(written(tmp_path_factory.mktemp("labelled"), content))

    assert tuple(text for text, _ in [("x", "y"), *rows]) == read.texts
    assert tuple(label for _, label in [("x", "y"), *rows]) == read.labels
    assert tuple(1 + 2 * index for index in range(len(rows) + 1)) == read.lines


def test_all_faults_of_a_labelled_file_stand_in_one_message(tmp_path):
    """A heading, an empty text, an empty label and a wrong number of TABs are listed with their lines."""
    told = refusal(read_labelled, written(tmp_path, "sentence\tlabel\n\t1\nab\t \nx\ty\tz\n\nok\t1\r\n"))

    listed = [line.strip() for line in told.splitlines() if line.startswith("  line")]
    assert listed == [
        "line 1: the label 'label' stands here only: a heading?",
        "line 2: the text is empty",
        "line 3: the label is empty",
        "line 4: expected one TAB, found 2",
    ]


@pytest.mark.parametrize("read", [read_conll, read_labelled])
def test_files_that_are_none_are_refused(tmp_path, read):
    """A missing file, a directory, an empty file and a file in a file are told apart, without a traceback."""
    empty = written(tmp_path, "")

    assert "no such file" in refusal(read, tmp_path / "missing.txt")
    assert "a directory; name a file in it" in refusal(read, tmp_path)
    assert "it holds no" in refusal(read, empty)
    assert "cannot be read" in refusal(read, empty / "inside.txt")


def test_blank_texts_are_named():
    """Samples with blank text are refused by their ids; text that is there passes."""
    check_texts(["a", "b"], ["x", " y"])

    assert "blank: b, c;" in refusal(check_texts, ["a", "b", "c"], ["x", " \t", ""])
    assert "2 ids and 1 texts" in refusal(check_texts, ["a", "b"], ["x"])


def test_sentences_with_too_few_tags_are_named():
    """Sentences without words or with another number of tags than words are refused by their ids."""
    check_tokens(["a"], [["x", "y"]], [["O", "O"]])

    told = refusal(check_tokens, ["a", "b", "c"], [["x"], ["x", "y"], []], [["O"], ["O"], []])

    assert "c (no words)" in told
    assert "b (2 words, 1 tags)" in told
    assert "a (" not in told
    assert "1 ids, 1 sentences and 2 tag sequences" in refusal(check_tokens, ["a"], [["x"]], [["O"], ["O"]])
