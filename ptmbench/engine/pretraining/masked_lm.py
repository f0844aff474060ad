"""Masked language modelling (Devlin et al. 2019): tell hidden tokens from what stands on both sides of them.

A share of the tokens is chosen; of these 80 % are replaced by [MASK], 10 % by a random token, 10 % stay. With M the
chosen places and x' the corrupted text,

loss = -mean_{i in M} log p(x_i | x')
"""

from collections.abc import Collection

import torch
from torch import Tensor
from torch.nn import functional
from transformers import BertForMaskedLM, PreTrainedTokenizerFast

from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.engine.models.language import PAD_ID, bert_config
from ptmbench.engine.pretraining.language import encode, folder, trimmed
from ptmbench.engine.pretraining.learner import Learner, Outcome
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES
from ptmbench.engine.pretraining.tokenizers import wordpiece
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.training import BatchOrder, descend, make_optimizer

RATE = 0.25
MASKED, REPLACED = 0.8, 0.1  # of the chosen tokens; the rest stays
IGNORED = -100
HELD_OUT = 2_000  # sentences
BATCH = 250  # held-out sentences at once


def mask_tokens(
    ids: Tensor,
    generator: torch.Generator,
    *,
    mask_id: int,
    vocabulary: int,
    specials: Collection[int],
    rate: float = RATE,
) -> tuple[Tensor, Tensor]:
    """Corrupted ids and targets, both [n, width]; a target is -100 where no token was chosen.

    Specials (padding among them) are never chosen, and no token is replaced by one.
    """
    ordinary = torch.tensor(sorted(set(range(vocabulary)) - set(specials)))
    chosen = (torch.rand(ids.shape, generator=generator) < rate) & torch.isin(ids, ordinary)
    fate = torch.rand(ids.shape, generator=generator)
    drawn = ordinary[torch.randint(len(ordinary), ids.shape, generator=generator)]
    inputs = torch.where(chosen & (fate < MASKED), mask_id, ids)
    inputs = torch.where(chosen & (fate >= MASKED) & (fate < MASKED + REPLACED), drawn, inputs)
    return inputs, torch.where(chosen, ids, IGNORED)


def masked_lm_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of logits [..., vocabulary] at the targets [...] that are not -100; 0 without any."""
    chosen = targets != IGNORED
    if not chosen.any():
        return logits.sum() * 0.0
    return functional.cross_entropy(logits[chosen], targets[chosen])


class MaskedLM(Learner):
    """BERT under its masked-language-model head."""

    def __init__(self, spec: PretrainingSpec, ids: Tensor, tokenizer: PreTrainedTokenizerFast) -> None:
        with seeded_draws("pretrain", spec.name, spec.seed):
            self.model = BertForMaskedLM(bert_config(len(tokenizer)))
        generator = torch_generator("pretrain", "batches", spec.name, spec.seed)
        order = BatchOrder(len(ids), spec.recipe.batch_size, generator)
        super().__init__(spec, self.model, (make_optimizer(spec.recipe, self.model.parameters()),), order)
        self.ids = ids
        self.tokenizer = tokenizer

    def corrupt(self, ids: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The ids with some tokens hidden, and what they were."""
        mask_id, specials = self.tokenizer.mask_token_id, self.tokenizer.all_special_ids
        assert isinstance(mask_id, int)
        return mask_tokens(ids, generator, mask_id=mask_id, vocabulary=len(self.tokenizer), specials=specials)

    def predict(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [m, vocabulary] and targets [m] of the m chosen tokens alone.

        A token costs the head 132,000 multiplications, more than the two layers below it.
        """
        hidden = self.model.bert(inputs, attention_mask=(inputs != PAD_ID).long()).last_hidden_state
        chosen = targets != IGNORED
        logits: Tensor = self.model.cls(hidden[chosen])
        return logits, targets[chosen]

    def take_step(self, step: int) -> Tensor:
        """One step on freshly masked sentences."""
        inputs, targets = self.corrupt(trimmed(self.ids[self.order.draw()]), self.generator)
        loss = masked_lm_loss(*self.predict(inputs, targets))
        descend(self.optimizers[0], loss, self.spec.recipe, step)
        return loss

    def outcome(self) -> Outcome:
        """The Hugging Face folder; accuracy and loss at the masked tokens of held-out sentences."""
        held_out = encode(self.tokenizer, TEXT_SOURCES[self.spec.source].sentences(HELD_OUT, "held_out"))
        generator = torch_generator("pretrain", "held_out", self.spec.name)
        nats, hits, count = 0.0, 0, 0
        self.modules.eval()
        for ids in held_out.split(BATCH):
            with torch.inference_mode():
                logits, targets = self.predict(*self.corrupt(trimmed(ids), generator))
            nats += float(functional.cross_entropy(logits, targets, reduction="sum"))
            hits += int((logits.argmax(1) == targets).sum())
            count += len(targets)
        figures = {"masked_token_accuracy": hits / count, "masked_token_loss_nats": nats / count}
        return Outcome(
            files=folder(self.spec.name, self.model, self.tokenizer),
            parameters=sum(parameter.numel() for parameter in self.model.bert.parameters()),
            held_out=figures,
            held_out_examples=len(held_out),
        )


def learner(spec: PretrainingSpec) -> MaskedLM:
    """Writes the source's sentences, reads them with the shared WordPiece and starts a BERT on them."""
    tokenizer = wordpiece()
    return MaskedLM(spec, encode(tokenizer, TEXT_SOURCES[spec.source].sentences(spec.examples, "train")), tokenizer)
