"""transformers' encoders and decoders as backbones: layers but the last, the last, and ways to pool tokens.

Between the parts travels one tensor [n, length, 2 d + 1]: the sum of the hidden states of all layers so far (the
embeddings first), the hidden states of the last of them, and 1 for a token, 0 for padding. Padding stands at the end
and is never attended to, so that neither its length nor the rest of the batch moves a feature.
"""

import torch
from torch import Tensor, nn
from transformers import BertModel, GPT2Model, PreTrainedModel

from ptmbench.engine.models.backbone import Backbone, Pool
from ptmbench.errors import WeightsError


class _GptEmbeddings(nn.Module):
    """GPT-2's token and position embeddings, as its model adds them up."""

    def __init__(self, model: GPT2Model) -> None:
        super().__init__()
        self.wte, self.wpe, self.drop = model.wte, model.wpe, model.drop

    def forward(self, ids: Tensor) -> Tensor:
        embedded: Tensor = self.drop(self.wte(ids) + self.wpe(torch.arange(ids.shape[1], device=ids.device)))
        return embedded


def attended(there: Tensor, *, causal: bool) -> Tensor:
    """Which token [n, length] sees which: [n, 1, length, length], true where it does."""
    length = there.shape[1]
    seen = there[:, None, None, :].expand(-1, 1, length, -1)
    return seen & torch.ones(length, length, dtype=torch.bool, device=there.device).tril() if causal else seen


def unpack(packed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The two halves [n, length, d] and the mask [n, length] of what travels between the parts."""
    size = (packed.shape[-1] - 1) // 2
    return packed[..., :size], packed[..., size : 2 * size], packed[..., -1] > 0


class _Trunk(nn.Module):
    """Token ids [n, length], `PADDING` at the end, to [n, length, 2 d + 1]."""

    def __init__(self, embeddings: nn.Module, layers: nn.ModuleList, *, causal: bool) -> None:
        super().__init__()
        self.embeddings = embeddings
        self.layers = layers
        self.causal = causal

    def forward(self, ids: Tensor) -> Tensor:
        there = ids >= 0
        seen = attended(there, causal=self.causal)
        total = hidden = self.embeddings(ids.clamp_min(0))
        for layer in self.layers:
            hidden = layer(hidden, attention_mask=seen)
            total = total + hidden
        return torch.cat([total, hidden, there[:, :, None].to(hidden.dtype)], dim=-1)


class _Tail(nn.Module):
    """The last layer: [n, length, 2 d + 1] to [n, length, 2 d + 1], the sum now a mean over embeddings and layers."""

    def __init__(self, layer: nn.Module, norm: nn.Module, *, states: int, causal: bool) -> None:
        super().__init__()
        self.layer = layer
        self.norm = norm
        self.states = states
        self.causal = causal

    def forward(self, packed: Tensor) -> Tensor:
        total, hidden, there = unpack(packed)
        hidden = self.norm(self.layer(hidden, attention_mask=attended(there, causal=self.causal)))
        return torch.cat([(total + hidden) / self.states, hidden, packed[..., -1:].to(hidden.dtype)], dim=-1)


class Pooling(nn.Module):
    """Takes every token, their mean, the first or the last one, from the last layer or the mean over all layers."""

    def __init__(self, tokens: str, *, all_layers: bool) -> None:
        super().__init__()
        self.tokens = tokens
        self.all_layers = all_layers

    def forward(self, packed: Tensor) -> Tensor:
        """Features [n, d], or [n, length, d] of every token."""
        average, last, there = unpack(packed)
        hidden = average if self.all_layers else last
        if self.tokens == "mean":
            weights = there[:, :, None].to(hidden.dtype)
            return (hidden * weights).sum(dim=1) / weights.sum(dim=1)
        if self.tokens == "cls":
            return hidden[:, 0]
        if self.tokens == "last":
            return hidden[torch.arange(len(hidden), device=hidden.device), there.sum(dim=1) - 1]
        return hidden


def _parts(model: PreTrainedModel) -> tuple[nn.Module, nn.ModuleList, nn.Module, bool]:
    """Embeddings, layers, the normalisation after the last of them, and whether a token sees only what came before."""
    if isinstance(model, BertModel):
        return model.embeddings, model.encoder.layer, nn.Identity(), False
    if isinstance(model, GPT2Model):
        return _GptEmbeddings(model), model.h, model.ln_f, True
    raise WeightsError(f"expected a BERT or a GPT-2 model, got {type(model).__name__}")


def pool_names(*, causal: bool) -> tuple[str, ...]:
    """The ways to pool tokens, the usual one first."""
    usual = ("last", "mean") if causal else ("mean", "cls")  # a decoder has seen the whole text at its last token
    return (*usual, "mean_all_layers", "tokens", "tokens_all_layers")


def language_backbone(model: PreTrainedModel) -> Backbone:
    """The model as a backbone that takes ids [n, length] (int64), `PADDING` at the end; in eval mode."""
    embeddings, layers, norm, causal = _parts(model)
    pools = {
        way: Pool(
            Pooling(way.removesuffix("_all_layers"), all_layers=way.endswith("_all_layers")), model.config.hidden_size
        )
        for way in pool_names(causal=causal)
    }
    tail = _Tail(layers[-1], norm, states=len(layers) + 1, causal=causal)
    return Backbone(_Trunk(embeddings, layers[:-1], causal=causal), tail, pools=pools).eval()
