"""Tests of text going through a language model: padding, pooling, truncation, tokenizers, operations."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model, LlamaConfig, LlamaModel

from ptmbench.catalog.traits import TaskKind
from ptmbench.engine.cost import operations
from ptmbench.engine.data import TaskData, digest_of
from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens
from ptmbench.engine.inputs.pictures import PADDING
from ptmbench.engine.inputs.texts import TextPreprocessing, fitted_tokenizer
from ptmbench.engine.inputs.word_counts import TfidfPreprocessing
from ptmbench.engine.models.language_backbone import language_backbone
from ptmbench.engine.pretraining.tokenizers import train_byte_bpe, train_wordpiece
from ptmbench.engine.seeding import seeded_draws
from ptmbench.engine.tasks import KINDS
from ptmbench.engine.transfer.rows import IGNORED, Rows
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.errors import WeightsError
from ptmbench.files.splits import Split
from ptmbench.statistics.tallies import Ratios, value_of

SENTENCES = ["the cat sat on the mat", "a dog ran", "the dog and the cat sat", "mats", "on and on it ran"]
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
ALL = Split(train=(0, 1, 2), validation=(3,), test=(4,))


def bert(layers=3):
    """A BERT of 32 hidden units with random weights."""
    config = BertConfig(
        vocab_size=200, hidden_size=32, num_hidden_layers=layers, num_attention_heads=4, intermediate_size=64
    )
    with seeded_draws("test bert"):
        return BertModel(config, add_pooling_layer=False).eval()


def gpt(layers=3):
    """A GPT-2 of 32 hidden units with random weights."""
    config = GPT2Config(vocab_size=200, n_embd=32, n_layer=layers, n_head=4, bos_token_id=1, eos_token_id=1)
    with seeded_draws("test gpt"):
        return GPT2Model(config).eval()


def padded_ids():
    """Five texts of 9, 1, 6, 3 and 9 tokens, padded to 9."""
    ids = torch.randint(200, (5, 9), generator=torch.Generator().manual_seed(0))
    for row, length in enumerate((9, 1, 6, 3, 9)):
        ids[row, length:] = PADDING
    return ids


def preprocessing(train=train_wordpiece, max_length=64):
    """A tokenizer trained on the sentences above."""
    tokenizer = train(SENTENCES, 300)
    return TextPreprocessing(tokenizer, "0" * 64, max_length, 300)


def tagged(sentences):
    """Sentences of words with tags that go round."""
    words = tuple(tuple(sentence.split()) for sentence in sentences)
    tags = tuple(tuple(TAGS[0 if place % 2 else 1] for place in range(len(sentence))) for sentence in words)
    return LabelledTokens(tuple(map(str, range(len(words)))), words, tags, TAGS)


def data_of(samples):
    """Samples as the data of a task."""
    return TaskData(samples, ALL, digest_of(samples, ALL), samples.labels.numpy(), samples.lengths.numpy())


@pytest.mark.parametrize("make", [bert, gpt])
def test_the_parts_make_up_transformers_own_model(make):
    """Trunk, tail and pooling give transformers' hidden states: the last one, and the mean of all."""
    model, ids = make(), padded_ids()
    backbone, there = language_backbone(model), ids >= 0

    with torch.inference_mode():
        found = model(input_ids=ids.clamp_min(0), attention_mask=there.long(), output_hidden_states=True)
        last, average = backbone.pooled_by("tokens")(ids), backbone.pooled_by("tokens_all_layers")(ids)

    torch.testing.assert_close(found.last_hidden_state[there], last[there])
    torch.testing.assert_close(torch.stack(found.hidden_states).mean(0)[there], average[there])


@pytest.mark.parametrize("make", [bert, gpt])
def test_padding_and_neighbours_do_not_move_features(make):
    """A text gives the same features alone, beside longer texts and under more padding, however it is pooled."""
    backbone, ids = language_backbone(make()), padded_ids()
    wide = torch.nn.functional.pad(ids, (0, 11), value=PADDING)

    for name in backbone.sizes:
        view = backbone.pooled_by(name)
        with torch.inference_mode():
            together, wider = view(ids), view(wide)
            for row, length in enumerate((ids >= 0).sum(1).tolist()):
                alone = view(ids[row : row + 1, :length])[0]
                batched, padded = together[row], wider[row]
                if name.startswith("tokens"):
                    batched, padded = batched[:length], padded[:length]
                torch.testing.assert_close(alone, batched, rtol=1e-5, atol=1e-5)
                torch.testing.assert_close(alone, padded, rtol=1e-5, atol=1e-5)


def test_poolings_are_what_they_are_called():
    """Mean over the tokens, the first of an encoder, the last of a decoder: padding is none of them."""
    ids = padded_ids()
    encoder, decoder = language_backbone(bert()), language_backbone(gpt())

    with torch.inference_mode():
        tokens, states = encoder.pooled_by("tokens")(ids), decoder.pooled_by("tokens")(ids)
        torch.testing.assert_close(tokens[2, :6].mean(0), encoder.pooled_by("mean")(ids)[2])
        torch.testing.assert_close(tokens[:, 0], encoder.pooled_by("cls")(ids))
        torch.testing.assert_close(states[3, 2], decoder.pooled_by("last")(ids)[3])


def test_a_model_of_another_kind_is_refused():
    """Only encoders and decoders that the backbone knows how to take apart are taken."""
    config = LlamaConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, pad_token_id=0
    )

    with pytest.raises(WeightsError, match="expected a BERT or a GPT-2 model, got LlamaModel"):
        language_backbone(LlamaModel(config))


@pytest.mark.slow
def test_operations_equal_the_analytic_formula():
    """BERT-base at 512 tokens takes layers x (12 L d^2 + 2 L^2 d) = 48.32 GMACs, as the dispatcher counts."""
    config = BertConfig()
    length, size = 512, config.hidden_size
    backbone = language_backbone(BertModel(config, add_pooling_layer=False).eval())

    counted = operations.count(backbone, torch.zeros(1, length, dtype=torch.long))

    assert config.num_hidden_layers * (12 * length * size**2 + 2 * length**2 * size) == counted.macs
    assert 48.32e9 == pytest.approx(counted.macs, rel=1e-4)


@given(st.integers(1, 4), st.integers(1, 40))
def test_operations_of_any_length_equal_the_formula(layers, length):
    """The count follows the formula for every depth and length, padding counted as the model computes it."""
    size = 32

    counted = operations.count(language_backbone(gpt(layers)), torch.zeros(1, length, dtype=torch.long))

    assert layers * (12 * length * size**2 + 2 * length**2 * size) == counted.macs


@pytest.mark.parametrize("train", [train_wordpiece, train_byte_bpe])
def test_long_texts_are_cut_and_counted(train):
    """A text longer than the model takes keeps its first tokens and its end, and is counted."""
    samples = LabelledTexts(("a", "b"), ("the dog ran", "the cat " * 30), torch.tensor([0, 1]), ("x", "y"))
    whole = preprocessing(train).encode(samples, ()).inputs.tensor

    encoded = preprocessing(train, max_length=12).encode(samples, ())

    assert (2, 12) == tuple(encoded.inputs.tensor.shape)
    assert 1 == encoded.truncated
    assert whole[1, :11].tolist() == encoded.inputs.tensor[1, :11].tolist()
    assert encoded.inputs.tensor[1, 11] == encoded.inputs.tensor[0][encoded.inputs.tensor[0] >= 0][-1]


@pytest.mark.parametrize("train", [train_wordpiece, train_byte_bpe])
def test_labels_stand_at_the_first_piece_of_their_word(train):
    """Each word of a sentence has one place, its first piece; the other places are left out of the loss."""
    samples = tagged(SENTENCES)
    found = preprocessing(train)
    encoded = found.encode(samples, ())
    rows = Rows.of(data_of(samples), encoded)

    targets = rows.targets(encoded.inputs.shape[0])

    for row, (words, tags) in enumerate(zip(samples.sentences, samples.tags, strict=True)):
        places = (targets[row] != IGNORED).nonzero()[:, 0].tolist()
        ids = found.tokenizer([list(words)], is_split_into_words=True)
        assert [ids.word_ids(0).index(word) for word in range(len(words))] == places
        assert [TAGS.index(tag) for tag in tags] == targets[row, places].tolist()


def test_words_that_were_cut_off_are_answered_with_o():
    """Truncated words have no row; their prediction is O, and the others keep theirs."""
    samples = tagged(SENTENCES)
    encoded = preprocessing(max_length=5).encode(samples, ())
    rows = Rows.of(data_of(samples), encoded)
    outputs = np.full(tuple(encoded.inputs.tensor.shape), 3)

    predicted = rows.spread(rows.pick(outputs[[0, 1]], [0, 1]), [0, 1])

    assert encoded.truncated == 3
    assert [3, 3, 3, 0, 0, 0, 3, 3, 3] == predicted.tolist()


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9), min_size=1))
def test_entity_f1_is_seqevals(sentences):
    """The ratio of summed parts is seqeval's entity F1, whatever tags were predicted."""
    kind = KINDS[TaskKind.TOKEN_CLASSIFICATION]
    predicted = np.array([guess for sentence in sentences for guess, _ in sentence])
    truth = np.array([tag for sentence in sentences for _, tag in sentence])
    lengths = np.array([len(sentence) for sentence in sentences])
    names = [[[TAGS[pair[side]] for pair in sentence] for sentence in sentences] for side in (1, 0)]

    parts = kind.parts(predicted, truth, lengths, TAGS)

    assert (len(sentences), 2) == parts.shape
    assert value_of(Ratios(parts)) == pytest.approx(f1_score(*names, zero_division=0))


def test_scores_are_over_the_examples_asked_for():
    """A scorer compares predictions with the labels of exactly these sentences."""
    samples = tagged(SENTENCES)
    scorer = Scorer(KINDS[TaskKind.TOKEN_CLASSIFICATION], data_of(samples))
    truth = scorer.data.truth([1, 3])

    assert 1.0 == scorer.score(truth, [1, 3])
    assert 0.0 == scorer.score(np.zeros_like(truth), [1, 3])
    assert {"precision": 1.0, "recall": 1.0, "token_accuracy": 1.0} == scorer.other_scores(truth, [1, 3])


def test_a_tokenizer_that_does_not_fit_is_refused():
    """A tokenizer with more ids than the model has embeddings is named, with both numbers."""
    tokenizer = train_wordpiece(SENTENCES, 300)
    largest = max(tokenizer.get_vocab().values())

    with pytest.raises(WeightsError, match=rf"does not fit the model m: it gives ids up to {largest}, and .* 5 embedd"):
        fitted_tokenizer(tokenizer, 5, "m")


def test_tfidf_learns_from_the_training_split_alone():
    """A word that only the test split has changes no vector of another text."""
    texts = ("a good cat", "a bad dog", "a good dog", "bad cat", "unheard word")
    samples = LabelledTexts(tuple("abcde"), texts, torch.zeros(5, dtype=torch.long), ("x", "y"))
    other = LabelledTexts(tuple("abcde"), (*texts[:4], "another one"), samples.labels, samples.classes)

    first, second = (TfidfPreprocessing().encode(s, ALL.train).inputs.tensor for s in (samples, other))

    assert torch.equal(first[:4], second[:4])
    assert not first[4].any()
    torch.testing.assert_close(first[:4].norm(dim=1), torch.ones(4))


def test_tfidf_gives_a_vector_a_word_for_tags():
    """With labels a word each word has its own place and a vector, and there is none behind a sentence's end."""
    samples = tagged(SENTENCES)

    encoded = TfidfPreprocessing().encode(samples, ALL.train)

    assert samples.lengths.tolist() == (encoded.positions >= 0).sum(axis=1).tolist()
    assert not encoded.inputs.tensor[torch.from_numpy(encoded.positions < 0)].any()
    assert encoded.inputs.tensor[0].any(dim=1).all()


def test_the_digest_of_a_set_covers_text_tags_and_split():
    """Another word, another tag and another split each give another digest; so does another label of a text."""
    samples = tagged(SENTENCES)
    tags = (("B-LOC", *samples.tags[0][1:]), *samples.tags[1:])
    texts = LabelledTexts(samples.ids, tuple(SENTENCES), torch.zeros(5, dtype=torch.long), ("x", "y"))
    digests = {
        digest_of(samples, ALL),
        digest_of(tagged([*SENTENCES[:4], "off and on it ran"]), ALL),
        digest_of(replace(samples, tags=tags), ALL),
        digest_of(samples, Split(train=(0, 1, 3), validation=(2,), test=(4,))),
        digest_of(texts, ALL),
        digest_of(replace(texts, labels=torch.ones(5, dtype=torch.long)), ALL),
    }

    assert 6 == len(digests)
