"""Causal language modelling (Radford et al. 2019): tell each token from those before it.

With x_0 the token that begins a text and T the number of its other tokens, the one that ends it among them,

loss = -mean_{t=1..T} log p(x_t | x_0 ... x_{t-1}), over all texts of a batch; perplexity = exp(loss)
"""

import math

import torch
from torch import Tensor
from torch.nn import functional
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.engine.models.language import PAD_ID, gpt_config
from ptmbench.engine.pretraining.language import encode, folder, trimmed
from ptmbench.engine.pretraining.learner import Learner, Outcome
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES
from ptmbench.engine.pretraining.tokenizers import byte_bpe
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.training import BatchOrder, descend, make_optimizer

HELD_OUT = 2_000  # sentences
BATCH = 250  # held-out sentences at once


def causal_lm_loss(logits: Tensor, ids: Tensor, pad: int) -> Tensor:
    """Mean cross-entropy in nats of logits [n, width, vocabulary] at the next of the ids [n, width]; none at pads.

    What the last position predicts is not read, and neither is what stands at a pad.
    """
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=pad)


class CausalLM(Learner):
    """GPT-2 under its language-model head, which shares the input embedding."""

    def __init__(self, spec: PretrainingSpec, ids: Tensor, tokenizer: PreTrainedTokenizerFast) -> None:
        with seeded_draws("pretrain", spec.name, spec.seed):
            self.model = GPT2LMHeadModel(gpt_config(len(tokenizer)))
        generator = torch_generator("pretrain", "batches", spec.name, spec.seed)
        order = BatchOrder(len(ids), spec.recipe.batch_size, generator)
        super().__init__(spec, self.model, (make_optimizer(spec.recipe, self.model.parameters()),), order)
        self.ids = ids
        self.tokenizer = tokenizer

    def loss(self, ids: Tensor) -> Tensor:
        """The loss of a batch of ids [n, width]."""
        logits = self.model(ids, attention_mask=(ids != PAD_ID).long(), use_cache=False).logits
        return causal_lm_loss(logits, ids, PAD_ID)

    def take_step(self, step: int) -> Tensor:
        """One step on a batch of sentences."""
        loss = self.loss(trimmed(self.ids[self.order.draw()]))
        descend(self.optimizers[0], loss, self.spec.recipe, step)
        return loss

    def outcome(self) -> Outcome:
        """The Hugging Face folder; perplexity a token on held-out sentences."""
        held_out = encode(self.tokenizer, TEXT_SOURCES[self.spec.source].sentences(HELD_OUT, "held_out"))
        nats, count = 0.0, 0
        self.modules.eval()
        for ids in held_out.split(BATCH):
            tokens = int((ids[:, 1:] != PAD_ID).sum())
            with torch.inference_mode():
                nats += float(self.loss(trimmed(ids))) * tokens
            count += tokens
        return Outcome(
            files=folder(self.spec.name, self.model, self.tokenizer),
            parameters=sum(parameter.numel() for parameter in self.model.transformer.parameters()),
            held_out={"perplexity": math.exp(nats / count)},
            held_out_examples=len(held_out),
        )


def learner(spec: PretrainingSpec) -> CausalLM:
    """Writes the source's sentences, reads them with the shared byte-level BPE and starts a GPT-2 on them."""
    tokenizer = byte_bpe()
    return CausalLM(spec, encode(tokenizer, TEXT_SOURCES[spec.source].sentences(spec.examples, "train")), tokenizer)
