"""Tests of tokenizers on words that are split already, on small ones that the tests train."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, GPT2Config, GPT2Model, PreTrainedTokenizerFast

from ptmbench.catalog.checkpoint_cards import weights_path
from ptmbench.cli import main
from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens
from ptmbench.engine.inputs.texts import TextPreprocessing, glues_words
from ptmbench.engine.inputs.word_counts import TfidfPreprocessing
from ptmbench.errors import CaseFailure
from ptmbench.records.store import ResultsFolder

TEXTS = ["we met in new york", "new york is big", "they say york is old and new", "we say don't"] * 20
WORDS = (("we", "don't", "say", "new", "york"), ("york",))
LLAMA_3 = Regex(r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+")


def trained(pre_tokenizer=None, normalizer=None):
    """A BPE of the texts with that pre-tokenizer and normalizer."""
    backend = Tokenizer(models.BPE())
    if pre_tokenizer:
        backend.pre_tokenizer = pre_tokenizer
    if normalizer:
        backend.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS, trainer)
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<s>")  # noqa: S106  no password


def byte_level(*, space):
    """GPT-2's form."""
    return trained(pre_tokenizers.ByteLevel(add_prefix_space=space))


def behind_a_regex():
    """Llama 3's form: the regex cuts the text, and the bytes of each piece are written as letters."""
    pieces = pre_tokenizers.Split(LLAMA_3, "isolated")
    return trained(pre_tokenizers.Sequence([pieces, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]))


def metaspace(scheme):
    """Llama 2's form, and T5's."""
    return trained(pre_tokenizers.Metaspace(prepend_scheme=scheme))


def replaced():
    """The older form of Llama 2: a normalizer writes the spaces, and words are cut behind them."""
    spaces = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    return trained(pre_tokenizers.Split("\u2581", "merged_with_next"), spaces)


GLUING = {
    "byte_level": lambda: byte_level(space=False),
    "behind_a_regex": behind_a_regex,
    "metaspace_never": lambda: metaspace("never"),
}
SPACING = {
    "byte_level_prefixed": lambda: byte_level(space=True),
    "metaspace_first": lambda: metaspace("first"),
    "metaspace_always": lambda: metaspace("always"),
    "normalizer": replaced,
    "no_spaces": lambda: trained(
        pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    ),
}


def read_by(tokenizer, samples):
    """The samples as that tokenizer encodes them, and the tokens of each."""
    preprocessing = TextPreprocessing(tokenizer, "", max_length=50, vocabulary=400)
    encoded = preprocessing.encode(samples, ())
    rows = next(encoded.inputs.batches([range(len(samples.ids))]))
    return encoded, [tokenizer.convert_ids_to_tokens([index for index in row if index >= 0]) for row in rows.tolist()]


def words(sentences=WORDS):
    """Sentences of words, none of them an entity."""
    tags = tuple(("O",) * len(sentence) for sentence in sentences)
    return LabelledTokens(tuple(map(str, range(len(sentences)))), sentences, tags, ("O", "B-X"))


@pytest.mark.parametrize("form", [*GLUING, *SPACING])
def test_words_are_read_as_running_text(form):
    """Words that are split already give the tokens they have inside a text, each place the first one of its word."""
    tokenizer = (GLUING | SPACING)[form]()
    encoded, rows = read_by(tokenizer, words())
    running = tokenizer("york " + " ".join(WORDS[0]), add_special_tokens=False).tokens()
    start = len(tokenizer("york", add_special_tokens=False).tokens())

    assert running[start:] == rows[0][1:]
    for word, place in zip(WORDS[0], encoded.positions[0], strict=True):
        assert word.startswith(rows[0][place].strip("\u2581\u0120"))


@pytest.mark.parametrize("form", GLUING)
def test_words_without_their_spaces_would_be_glued(form):
    """Given to the tokenizer as they are, they read as one long word, which the space mends; the record says so."""
    tokenizer = GLUING[form]()
    glued = tokenizer(list(WORDS[0]), is_split_into_words=True, add_special_tokens=False).tokens()
    encoded, rows = read_by(tokenizer, words())

    assert "wedon'tsaynewyork" == "".join(glued)
    assert glued != rows[0][1:]
    assert {"add_prefix_space": True} == encoded.fields


@pytest.mark.parametrize("form", SPACING)
def test_tokenizers_that_begin_words_themselves_stay_as_they_are(form):
    """They get the words as they stand, and the record of them says nothing new."""
    tokenizer = SPACING[form]()
    encoded, rows = read_by(tokenizer, words())

    assert tokenizer(list(WORDS[0]), is_split_into_words=True).tokens() == rows[0]
    assert {} == encoded.fields


@pytest.mark.parametrize("form", GLUING | SPACING)
def test_plain_texts_keep_the_setting_of_the_checkpoint(form):
    """A text is tokenized as the checkpoint says, with no space before its first word."""
    tokenizer = (GLUING | SPACING)[form]()
    encoded, rows = read_by(tokenizer, LabelledTexts(("a",), ("york is new",), torch.tensor([0]), ("x",)))

    assert [tokenizer("york is new").tokens()] == rows
    assert {} == encoded.fields


def test_a_word_that_brings_its_space_gets_no_second_one():
    """Two spaces would be a token more."""
    tokenizer = byte_level(space=False)

    assert read_by(tokenizer, words((("new", "york"),)))[1] == read_by(tokenizer, words((("new", " york"),)))[1]


@pytest.mark.parametrize("name", ["bert_tiny.invented", "bert_tiny.manuals", "gpt_tiny.invented"])
def test_embedded_tokenizers_begin_words_themselves(name):
    """So no figure of an embedded model on named entities was ever measured on glued words."""
    assert not glues_words(AutoTokenizer.from_pretrained(weights_path(name)))


def test_the_record_says_where_a_space_was_added(tmp_path, monkeypatch):
    """For named entities the preprocessing in the record has add_prefix_space, and for texts it does not."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(3)
    tokenizer = byte_level(space=False)
    config = GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=40)
    GPT2Model(config).save_pretrained("gpt")
    tokenizer.save_pretrained("gpt")
    for folder in ("tagged", "texts"):
        Path(folder).mkdir()
    for part in ("train", "test"):
        Path("tagged", f"{part}.conll").write_text("we\tO\nmet\tO\nnew\tB-X\nyork\tI-X\n\n" * 12)
        rows = [{"text": text, "label": "york" in text} for text in TEXTS[:20]]
        Path("texts", f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for task in ("conll:tagged?name=tagged", "hf:texts?text=text&label=label&name=texts"):
        call = ["run", "--model", "hf:gpt?name=gpt", "--task", task, "--method", "knn", "--budget", "smoke"]
        assert 0 == main([*call, "--results", "out"])
    found = {record.case.id: record.case.input.preprocessing for record in ResultsFolder(Path("out")).read_all()[0]}

    assert found["gpt-tagged_full-knn"].pop("add_prefix_space") is True
    assert found["gpt-tagged_full-knn"] == found["gpt-texts_full-knn"]


def test_texts_without_words_are_a_sentence():
    """tf-idf has nothing to count in signs alone, which fails the case with a reason and is no fault of ptmbench."""
    samples = LabelledTexts(("a", "b"), ("!!!", "? ?"), torch.tensor([0, 1]), ("x", "y"))

    with pytest.raises(CaseFailure, match="the 2 training texts hold no word of two letters"):
        TfidfPreprocessing().encode(samples, (0, 1))


def test_a_pair_is_read_as_the_tokenizer_joins_it():
    """Both texts of a pair are fed to the model, the second behind the sign that divides them."""
    folder = weights_path("bert_tiny.invented")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    preprocessing = TextPreprocessing(tokenizer, "0" * 64, 64, tokenizer.vocab_size)
    samples = LabelledTexts(("a", "b"), ("we go", "we go"), torch.tensor([0, 1]), ("x", "y"), pairs=("out", "in now"))
    inputs = preprocessing.encode(samples, (0,)).inputs.tensor

    for row, second in zip(inputs, samples.pairs, strict=True):
        assert tokenizer("we go", second)["input_ids"] == [token for token in row.tolist() if token >= 0]
    counts = TfidfPreprocessing().encode(samples, (0, 1)).inputs.tensor
    assert not torch.equal(counts[0], counts[1])
