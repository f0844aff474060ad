"""Tests of the text models of transformers: lengths, what a token sees, padding, poor tokenizers."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import (
    BartConfig,
    BartModel,
    BertConfig,
    BertModel,
    BertTokenizer,
    FNetConfig,
    FNetModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    MPNetConfig,
    MPNetModel,
    OPTConfig,
    OPTModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5EncoderModel,
    XLNetConfig,
    XLNetModel,
)

from ptmbench.catalog.model_references import model_specs
from ptmbench.engine.datasets.base import LabelledTexts
from ptmbench.engine.models import hub_texts, huggingface
from ptmbench.errors import UsageError, WeightsError

WORDS = [*"abcdefghij", "[PAD]", "[UNK]", "[CLS]", "[SEP]"]
SMALL = {"vocab_size": 14, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "pad_token_id": 10}
BERT_LIKE = {**SMALL, "intermediate_size": 16, "max_position_embeddings": 30}
LIMITS = {  # the model, and the tokens that it takes
    "roberta": (lambda: RobertaModel(RobertaConfig(**BERT_LIKE)), 19),
    "mpnet": (lambda: MPNetModel(MPNetConfig(**BERT_LIKE)), 28),  # its own padding id is 1 whatever is said
    "opt": (
        lambda: OPTModel(
            OPTConfig(**SMALL, ffn_dim=16, max_position_embeddings=30, word_embed_proj_dim=16, bos_token_id=1)
        ),
        30,
    ),
    "bart": (
        lambda: BartModel(
            BartConfig(
                vocab_size=14,
                d_model=16,
                pad_token_id=10,
                max_position_embeddings=30,
                encoder_layers=1,
                decoder_layers=1,
                encoder_ffn_dim=16,
                decoder_ffn_dim=16,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
            )
        ),
        30,
    ),
    "narrow": (
        lambda: OPTModel(
            OPTConfig(**SMALL, ffn_dim=16, max_position_embeddings=30, word_embed_proj_dim=8, bos_token_id=1)
        ),
        30,
    ),
    "xlnet": (lambda: XLNetModel(XLNetConfig(vocab_size=14, d_model=16, n_layer=1, n_head=2, d_inner=16)), 512),
    "t5": (
        lambda: T5EncoderModel(T5Config(vocab_size=14, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)),
        512,
    ),
}


def tokenizer(words=WORDS):
    """A tokenizer of single letters between [CLS] and [SEP]."""
    backend = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 12), ("[SEP]", 13)])
    marks = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **marks)


def saved(folder, model, words=WORDS):
    """The folder with that model and the tokenizer."""
    torch.manual_seed(3)
    model.save_pretrained(folder)
    tokenizer(words).save_pretrained(folder)
    return folder


def built(folder, options="?modality=text"):
    """The folder's model."""
    return huggingface.build(model_specs(f"hf:{folder}{options}", ())[0], 0)


def texts(*found):
    """Texts as a data set."""
    return LabelledTexts(tuple(map(str, range(len(found)))), found, torch.zeros(len(found)), ("x", "y"))


@pytest.mark.parametrize("name", LIMITS)
def test_a_text_may_be_as_long_as_the_model_says(tmp_path, name):
    """The limit is read off the table of positions; none, or one below 0, is none; the longest text runs."""
    make, limit = LIMITS[name]
    loaded = built(saved(tmp_path, make()))
    encoded = loaded.preprocessing.encode(texts("a b " * 300, "c"), ())

    assert ((limit,), 1) == (encoded.inputs.shape, encoded.truncated)
    with torch.no_grad():
        assert torch.isfinite(loaded.backbone(next(encoded.inputs.batches([[0, 1]])))).all()


def test_texts_are_cut_as_the_tokenizer_cuts(tmp_path):
    """Its closing mark stays, and nothing of the end of the text moves in."""
    preprocessing = built(saved(tmp_path, LIMITS["roberta"][0]()), "?max_length=5").preprocessing
    encoded = preprocessing.encode(texts("a b c d e f", "j"), ())

    assert [[12, 0, 1, 2, 13], [12, 9, 13, -1, -1]] == encoded.inputs.tensor.tolist()


@pytest.mark.parametrize("length", [1, 2])
def test_a_length_without_room_for_a_word_is_refused(tmp_path, length):
    """Between two marks a text needs three tokens; what a user asked for is told apart from what a folder says."""
    folder = saved(tmp_path, LIMITS["roberta"][0]())

    with pytest.raises(UsageError, match=rf"expected max_length=3 or more, got max_length={length}: .* puts 2 marks"):
        built(folder, f"?max_length={length}")
    assert (3,) == built(folder, "?max_length=3").preprocessing.shape


def test_a_model_without_room_for_a_word_is_refused(tmp_path):
    """Its own settings say so, and the message says where they stand."""
    folder = saved(tmp_path, LIMITS["t5"][0]())
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "model_max_length": 2}))

    with pytest.raises(WeightsError, match=r"takes texts of 2 tokens, .*model_max_length in tokenizer_config.json"):
        built(folder)


def test_a_tokenizer_without_marks_needs_two_tokens(tmp_path):
    """Of one token nobody can tell what it sees."""
    backend = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    folder = saved(tmp_path, LIMITS["t5"][0]())
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)  # noqa: S106

    with pytest.raises(UsageError, match="expected max_length=2 or more"):
        built(folder, "?max_length=1")
    assert (2,) == built(folder, "?max_length=2").preprocessing.shape


def test_a_decoder_is_known_by_what_its_tokens_see(tmp_path):
    """GPT-2 saved as a classifier is read at its last token, and never at the first, which has seen itself alone."""
    config = GPT2Config(vocab_size=14, n_embd=16, n_layer=1, n_head=2, n_positions=20, pad_token_id=10)
    pools = built(saved(tmp_path, GPT2ForSequenceClassification(config))).backbone.sizes

    assert "last" == next(iter(pools))
    assert "cls" not in pools


def test_a_model_that_sees_padding_is_refused(tmp_path):
    """FNet mixes all tokens, padding among them: a text would have other features beside a longer one."""
    config = FNetConfig(vocab_size=14, hidden_size=16, num_hidden_layers=1, intermediate_size=16, pad_token_id=10)

    with pytest.raises(WeightsError, match="alone and beside longer ones, .* sees padding as if it were text"):
        built(saved(tmp_path, FNetModel(config)))


def test_a_tokenizer_without_files_is_refused(tmp_path):
    """transformers makes an empty one, to which every word is unknown."""
    folder = saved(tmp_path, LIMITS["roberta"][0]())
    for file in folder.glob("tokenizer*"):
        file.unlink()

    with pytest.raises(WeightsError, match=r"knows no word: its files are missing or empty \(tokenizer.json"):
        built(folder)


def test_unknown_tokens_are_counted(tmp_path):
    """Above a tenth their share is recorded, above half the case fails; marks around a text count for neither."""
    preprocessing = built(saved(tmp_path, LIMITS["roberta"][0]())).preprocessing

    assert {} == preprocessing.encode(texts("a b c d e f g h i x"), ()).fields
    assert {"unknown_share": 0.25} == preprocessing.encode(texts("a b c x"), ()).fields
    with pytest.raises(WeightsError, match=r"does not know 75 % of the tokens of these texts \(they become \[UNK\]\)"):
        preprocessing.encode(texts("a x y z"), ())


def test_a_byte_pair_tokenizer_without_merges_is_refused(tmp_path):
    """Every text would fall into single letters."""
    backend = Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2}, []))
    folder = saved(tmp_path, LIMITS["roberta"][0]())
    PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="a").save_pretrained(folder)  # noqa: S106  no password

    with pytest.raises(WeightsError, match="has no merges, so that every text falls into single letters"):
        built(folder)


def paired(folder, model):
    """A model with BERT's tokenizer, which says of each token to which text of a pair it belongs."""
    model.save_pretrained(folder)
    BertTokenizer(vocab={word: index for index, word in enumerate(WORDS)}).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kinds", [2, 1])
def test_a_pair_has_the_features_that_the_source_gives_it(tmp_path, kinds):
    """BERT is told which text a token belongs to, wherever it has an embedding for that."""
    torch.manual_seed(0)
    model = BertModel(BertConfig(**{**BERT_LIKE, "vocab_size": 15}, type_vocab_size=kinds)).eval()
    folder = paired(tmp_path / "model", model)
    loaded = built(folder)
    samples = LabelledTexts(("0", "1"), ("a b c", "d"), torch.zeros(2), ("x",), pairs=("e f", "g h i"))
    encoded = loaded.preprocessing.encode(samples, ())
    with torch.no_grad():
        features = loaded.backbone.pooled_by("cls")(encoded.inputs.tensor)
    tokenizer = BertTokenizer.from_pretrained(folder)
    for row, text, second in zip(features, samples.texts, samples.pairs, strict=True):
        found = tokenizer(text, second, return_tensors="pt")
        if kinds == 1:
            del found["token_type_ids"]
        with torch.no_grad():
            expected = model(**found).last_hidden_state[0, 0]
        assert torch.allclose(expected, row, atol=1e-5)
    assert (kinds == 2) == encoded.fields.get("segments", False)


def test_a_model_unlike_its_source_is_refused(tmp_path, monkeypatch):
    """Texts and a pair are compared with what transformers' own calls give, once a load."""
    folder = paired(tmp_path / "model", BertModel(BertConfig(**{**BERT_LIKE, "vocab_size": 15})))
    monkeypatch.setattr(hub_texts, "_reads_segments", lambda *_: False)
    with pytest.raises(WeightsError, match="other features here than from its own tokenizer .* for a pair of texts"):
        built(folder)
