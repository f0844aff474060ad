"""Tests of tables of labelled text: every usual form, and everything that can be wrong with one."""

from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Features, Value

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
    assert ("bad", "good") == found.classes
    assert (1, 0) == found.labels
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

    assert ("DESC", "NUM") == found.classes
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
    train = write(tmp_path / "train.csv", "text,label\n,x\nfine,\nshort\ngood,y\nbad,x\na,b,c\n")
    files = {"train": train, "test": write(tmp_path / "test.csv", "text,label\nhidden,-1\ngood,y\n")}

    with pytest.raises(UsageError, match=r"(?s)5 faults") as refused:
        read_tables(files, TableForm())
    found = read_tables(files, TableForm(), skip_bad=True)

    told = ("train.csv:2: the text is empty", "train.csv:3: no label", "train.csv:4: 1 columns, expected 2",
            "train.csv:7: 3 columns, expected 2: enclose", "test.csv:2: no label (got '-1')")  # fmt: skip
    assert [] == [fault for fault in told if fault not in str(refused.value)]
    assert ("good", "bad", "good") == found.texts
    assert 5 == len(found.left_out)


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("text,lable\na,b\n", TableForm(), "did you mean lable"),
        (
            "text;label\na;b\n",
            TableForm(),
            r"one column in all, 'text;label': is it divided by semicolon\? \?delimiter=",
        ),
        ("text,label\na,x\nb,x\n", TableForm(), "expected two labels or more, got x"),
        ("", TableForm(), "the file is empty"),
        ("a,b\n", TableForm("1", "3"), "there is no column 3; there are 2"),
        ("a,b\n", TableForm("1", "2", "coma"), "did you mean comma"),
        ("text,label\ncaf\xe9,x\n", TableForm(encoding="ascii"), "not ascii.*encoding=latin-1"),
        ("text,label\na,x\n", TableForm(encoding="utf-9"), "no encoding is called 'utf-9'"),
        ("text,label\na,x\n", TableForm(encoding="a\0b"), r"no encoding is called 'a\\x00b'"),
        ("text,label\na,x\n", TableForm(encoding="hex"), "not hex"),
        ("t\0,label\na,x\n", TableForm(), "the character NUL, as UTF-16 does"),
        ("text,label\na,x\nb,y\n", TableForm("1", "2"), "a.csv:1: the label 'label' stands here only: a heading"),
        ("text,label,text\na,x,b\n", TableForm(), "2 columns are called text: name it by its number"),
        ("text,label\na,x\n", TableForm(quote="single"), "no quote is called 'single'"),
        ("path,label\na/1.png,x\nb/2.jpg,y\n", TableForm("path"), r"paths of pictures.*\?image=path&label=label"),
    ],
)
def test_bad_tables_say_what_was_expected(tmp_path, text, form, message):
    """A wrong column, delimiter or encoding, or too few labels, is one message."""
    with pytest.raises(UsageError, match=message):
        read_tables(write(tmp_path / "a.csv", text), form)


@pytest.mark.parametrize("text", ["stars", "review+stars"])
def test_a_label_is_never_read_as_text(tmp_path, text):
    """A model that finds the answer in its input would be right everywhere."""
    file = write(tmp_path / "a.csv", "review,stars\nfine,4\npoor,1\n")
    with pytest.raises(UsageError, match="the column 'stars' is read as text and as label"):
        read_tables(file, TableForm(text=text, label="stars"))


def test_a_column_that_says_the_parts_is_heeded(tmp_path):
    """Where every row names its part in a column called split, it is the split; val stands in for a missing test."""
    rows = ["text,label,split", "a,x,train", "b,y,train", "c,x,VAL", "d,y,val"]
    assert ("train", "train", "test", "test") == read_tables(
        write(tmp_path / "a.csv", "\n".join(rows)), TableForm()
    ).parts
    rows[1] = "a,x,first"
    assert read_tables(write(tmp_path / "a.csv", "\n".join(rows)), TableForm()).parts is None


def test_a_first_row_that_reads_like_headings_is_no_example(tmp_path):
    """A name above labels that all stand more than once is a heading; a text that is a sentence is an example."""
    body = "".join(f"good film {place},pos\nbad film {place},neg\n" for place in range(3))
    with pytest.raises(UsageError, match="a.csv:1: the label 'verdict' stands here only: a heading"):
        read_tables(write(tmp_path / "a.csv", f"comment,verdict\n{body}"), TableForm("1", "2"))
    assert 7 == len(read_tables(write(tmp_path / "b.csv", f"so so; well,fair\n{body}"), TableForm("1", "2")).texts)


def test_numbers_and_bytes_are_texts(tmp_path):
    """A number is the text that it is written as, bytes are UTF-8, and a list is a fault that shows it."""
    file = write(tmp_path / "a.jsonl", '{"text": 12, "label": "x"}\n{"text": 0.5, "label": "y"}\n')
    assert ("12", "0.5") == read_tables(file, TableForm()).texts
    Dataset.from_dict({"text": [b"caf\xc3\xa9", b"b"], "label": [b"x", b"y"]}).to_parquet(tmp_path / "b.parquet")
    found = read_tables(tmp_path / "b.parquet", TableForm())
    assert (("caf\xe9", "b"), ("x", "y")) == (found.texts, found.classes)
    file = write(tmp_path / "c.jsonl", '{"text": ["a"], "label": "x"}\n{"text": "b", "label": "y"}\n')
    with pytest.raises(UsageError, match=r"c.jsonl:1: the text is \['a'\], expected a string"):
        read_tables(file, TableForm())


def test_a_label_that_is_cut_to_nothing_is_a_fault(tmp_path):
    """No class is called nothing."""
    file = write(tmp_path / "a.csv", "text,label\na,:x\nb,y:z\n")
    with pytest.raises(UsageError, match="a.csv:2: no label before ':'"):
        read_tables(file, TableForm(label_until=":"))


def test_pictures_in_a_table_are_named(tmp_path):
    """What `datasets` keeps of a picture is no text, and the message says where pictures are read from."""
    rows = {"image": [{"bytes": b"x", "path": "a.png"}] * 2, "label": ["x", "y"]}
    Dataset.from_dict(rows).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=r"the column 'image' holds pictures: \?image=image&label=label"):
        read_tables(tmp_path / "a.parquet", TableForm("image"))


def test_a_label_that_training_never_shows_is_refused(tmp_path):
    """The test part may only hold labels that training has."""
    train, test = write(tmp_path / "train.tsv", "a\t0\nb\t1\n"), write(tmp_path / "test.tsv", "c\t2\n")

    with pytest.raises(UsageError, match="labels of the test part that no training example has: 2; in .* are 0, 1"):
        read_tables({"train": train, "test": test}, TableForm("1", "2"))


STRAY = "".join(f"plain text {index},{'neg' if index % 2 else 'pos'}\n" for index in range(20))


@pytest.mark.parametrize(
    ("stray", "told"),
    [
        ('"open at the end,pos\n' + STRAY, "a.csv:22: the quote that opens here never closes .read on to line 42."),
        (f'"open,pos\n{STRAY}"again,neg\n', "a.csv:22: a quote that opens here closes before its cell ends"),
        (
            f'"open,pos\n{STRAY}closed",neg\n',
            "a.csv:22: a quote that opens here closes on line 43 and swallows 21 rows",
        ),
        ('"open,pos\nclosed",neg\n', "a.csv:22: a quote that opens here closes on line 23 and swallows 1 rows"),
    ],
    ids=["never_closed", "two_strays", "closed_by_chance", "one_row"],
)
def test_a_quote_that_swallows_rows_is_a_fault_of_the_line_where_it_opens(tmp_path, stray, told):
    """Rows that a stray quote hides are never lost, not even on request, and quote=none reads them."""
    file = write(tmp_path / "a.csv", f"text,label\n{STRAY}{stray}")
    for skip_bad in (False, True):
        with pytest.raises(UsageError, match=told):
            read_tables(file, TableForm(), skip_bad=skip_bad)
    rows = file.read_text().count("\n") - 1

    assert rows == len(read_tables(file, TableForm(quote="none")).texts)


def test_a_cell_of_several_lines_is_no_fault(tmp_path):
    """Line breaks and commas inside of quotes are text, as long as no line of it is a row."""
    file = write(tmp_path / "a.csv", f'text,label\n{STRAY}"one, two\nthree, four\nfive",pos\n')

    assert "one, two\nthree, four\nfive" == read_tables(file, TableForm()).texts[-1]


def test_a_delimiter_at_the_end_of_lines_is_no_cell(tmp_path):
    """Empty cells behind the last heading are passed over."""
    assert ("a", "b") == read_tables(write(tmp_path / "a.csv", "text,label\na,x,\nb,y,,\n"), TableForm()).texts


JSON_ROWS = ['{"text": "a", "stars": 1, "more": null}', '{"stars": 2, "text": "b"}']


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "\n".join(JSON_ROWS)),
        ("a.ndjson", "\n\n".join(JSON_ROWS)),
        ("a.json", f"[{', '.join(JSON_ROWS)}]"),
        ("a.json", f'{{"version": 1, "data": [{", ".join(JSON_ROWS)}]}}'),
        ("a.json", '{"text": ["a", "b"],\n"stars": [1, 2]}'),
        ("a.json", "\n".join(JSON_ROWS)),
        ("a.json", '{"text": {"0": "a", "1": "b"}, "stars": {"0": 1, "1": 2}}'),
    ],
    ids=["lines", "blank_lines", "array", "inside", "columns", "lines_by_another_name", "pandas"],
)
def test_json_is_read_in_its_usual_forms(tmp_path, name, text):
    """An object a line, a list of objects or an object of lists are the same table."""
    found = read_tables(write(tmp_path / name, text), TableForm(label="stars"))

    assert (("a", "b"), (0, 1), ("1", "2")) == (found.texts, found.labels, found.classes)


def test_faults_of_json_lines_have_their_lines(tmp_path):
    """Lines that are no JSON, no object, or too deep, and rows without text or label stand in one message."""
    lines = ['{"text": "a", "label": true}', "{", "[1]", '{"label": false}', '{"text": [5], "label": true}',
             '{"text": "x", "label": null}', "[" * 100_000, '{"text": "b", "label": false}']  # fmt: skip
    file = write(tmp_path / "a.jsonl", "\n".join(lines))

    with pytest.raises(UsageError, match="6 faults") as refused:
        read_tables(file, TableForm())
    told = [line.strip().partition("a.jsonl:")[2] for line in str(refused.value).splitlines()[1:-1]]
    assert ["2", "7", "3", "4", "5", "6"] == [line.partition(":")[0] for line in told]
    assert ("False", "True") == read_tables(file, TableForm(), skip_bad=True).classes


def test_parquet_is_read_with_the_names_of_its_labels(tmp_path):
    """Integers are indices where the file declares names, and classes by themselves where it does not."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"]), "stars": Value("int64")})
    rows = {"text": ["a", "b"], "label": [1, 0], "stars": [5, 1]}
    Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "a.parquet"))
    named, numbers = (read_tables(tmp_path / "a.parquet", TableForm(label=label)) for label in ("label", "stars"))

    assert (("bad", "good"), (1, 0)) == (named.classes, named.labels)
    assert (("1", "5"), (1, 0)) == (numbers.classes, numbers.labels)
    with pytest.raises(UsageError, match=r"b.parquet: no Parquet file that can be read"):
        read_tables(write(tmp_path / "b.parquet", "text"), TableForm())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.xlsx", "a spreadsheet"),
        ("a.conll", "conll:FOLDER reads them"),
        ("a.zip", "unpack it"),
        ("a.pkl", "a pickle"),
    ],
)
def test_a_file_of_another_form_says_what_reads_it(tmp_path, name, told):
    """What is no table is named for what it is."""
    with pytest.raises(UsageError, match=told):
        read_tables(write(tmp_path / name, "x"), TableForm())


def test_pairs_and_joined_columns(tmp_path):
    """A second text goes beside the first, and a title above its body; a row with neither has no text."""
    file = write(tmp_path / "a.csv", "a,b,head line,label\nx,y,t,1\n,v,w,0\n,,u,1\n")
    joined = read_tables(write(tmp_path / "b.csv", "a,b,label\nx,y,1\n,v,0\n"), TableForm("a b"))

    assert ("x\ny", "v") == joined.texts
    with pytest.raises(UsageError, match=r"(?s)2 faults:.*a.csv:3: the text is empty.*a.csv:4: the text is empty"):
        read_tables(file, TableForm("a", pair="b"))
    assert ("t", "w", "u") == read_tables(file, TableForm("head line")).texts
    assert ("y",) == read_tables(
        write(tmp_path / "c.csv", "a,b,l\nx,y,1\nz,w,0\n"), TableForm("a", "l", pair="b")
    ).pairs[:1]
