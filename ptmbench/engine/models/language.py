"""The tiny language models: transformers' own BERT and GPT-2 in small."""

from transformers import BertConfig, GPT2Config

HIDDEN = 64
LAYERS = 2
HEADS = 4
POSITIONS = 64  # tokens
# Standard deviation of the initial weights. The usual 0.02 is meant for wider networks: masked-token loss on `invented`
# after 2,500 steps was 1.97 nats with it and 1.89 with 0.1.
INITIAL = 0.1
PAD_ID = 0  # of every embedded tokenizer
END_ID = 1  # of the byte-level one: what begins and ends a text


def bert_config(vocab_size: int) -> BertConfig:
    """BERT (Devlin et al. 2019): hidden 64, 2 layers of 4 heads, up to 64 tokens, no dropout."""
    return BertConfig(
        vocab_size=vocab_size,
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * HIDDEN,
        max_position_embeddings=POSITIONS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=PAD_ID,
        initializer_range=INITIAL,
    )


def gpt_config(vocab_size: int) -> GPT2Config:
    """GPT-2 (Radford et al. 2019): hidden 64, 2 layers of 4 heads, up to 64 tokens, no dropout."""
    return GPT2Config(
        vocab_size=vocab_size,
        n_embd=HIDDEN,
        n_layer=LAYERS,
        n_head=HEADS,
        n_positions=POSITIONS,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=END_ID,
        eos_token_id=END_ID,
        pad_token_id=PAD_ID,
        initializer_range=INITIAL,
    )
