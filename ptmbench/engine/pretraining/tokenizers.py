"""Tokenizers of the embedded language models: a WordPiece and a byte-level BPE of 2,000 entries, lower case.

Both are trained by the package `tokenizers` and repeat from the same sentences to the byte.
"""

from collections.abc import Callable, Sequence
from functools import cache

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from ptmbench.engine.models.language import END_ID, PAD_ID, POSITIONS
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES

VOCABULARY = 2_000
# Sentences of each source for the shared vocabularies. Of the words in names of places 90 % are one token with these
# counts, 21 % with all 16,070 sentences of the manuals; each polar adjective is one token either way.
SENTENCES = {"invented": 20_000, "manuals": 3_000}
UNKNOWN = "[UNK]"
SPECIALS = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")
PAD, END = "<|pad|>", "<|endoftext|>"


def train_wordpiece(sentences: Sequence[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """A WordPiece (Wu et al. 2016) as BERT uses it: [CLS] text [SEP], "##" before what goes on with a word."""
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    trained = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    trained.normalizer, trained.pre_tokenizer = normalizer, splitter
    # The trainer numbers the letters inside words in the order of a hash table, which is another one each time, and
    # ties between merges follow the numbers. Named beforehand, the letters keep their order.
    letters = sorted(set("".join(normalizer.normalize_str(text) for text in sentences).replace(" ", "")))
    known = [*SPECIALS, *(f"##{letter}" for letter in letters)]
    trainer = trainers.WordPieceTrainer(vocab_size=vocabulary, special_tokens=known, show_progress=False)
    trained.train_from_iterator(sentences, trainer)
    tokenizer = Tokenizer(models.WordPiece(trained.get_vocab(), unk_token=UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    pair = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=pair
    )
    names = {"pad_token": "[PAD]", "unk_token": UNKNOWN, "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return _wrapped(tokenizer, {**names, "mask_token": "[MASK]"})


def train_byte_bpe(sentences: Sequence[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """A byte-level BPE (Radford et al. 2019): no unknown character; one token begins and ends each text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences, trainer)
    if (tokenizer.token_to_id(PAD), tokenizer.token_to_id(END)) != (PAD_ID, END_ID):
        raise AssertionError("special tokens do not come first in the vocabulary")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END} $A {END}", pair=f"{END} $A {END} $B {END}", special_tokens=[(END, END_ID)]
    )
    return _wrapped(tokenizer, {"pad_token": PAD, "bos_token": END, "eos_token": END, "unk_token": END})


def _wrapped(tokenizer: Tokenizer, names: dict[str, str]) -> PreTrainedTokenizerFast:
    """The tokenizer as transformers saves and reads it, its special tokens by their names there."""
    build: Callable[..., PreTrainedTokenizerFast] = PreTrainedTokenizerFast
    return build(tokenizer_object=tokenizer, model_max_length=POSITIONS, padding_side="right", **names)


@cache
def _corpus() -> tuple[str, ...]:
    """Training sentences of the text sources: every checkpoint reads with the vocabulary made from them."""
    return tuple(text for name, count in SENTENCES.items() for text in TEXT_SOURCES[name].sentences(count, "train"))


@cache
def wordpiece() -> PreTrainedTokenizerFast:
    """The WordPiece that all BERT checkpoints and their random control share, whatever their source."""
    return train_wordpiece(_corpus())


@cache
def byte_bpe() -> PreTrainedTokenizerFast:
    """The byte-level BPE that all GPT-2 checkpoints share."""
    return train_byte_bpe(_corpus())
