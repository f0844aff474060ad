"""Tests of the language-model objectives: their losses against closed forms, their masking, their learners."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional
from transformers import AutoTokenizer, BertModel, GPT2Model

from ptmbench.catalog.spec import PretrainingSpec, Recipe
from ptmbench.engine.models.language import PAD_ID, bert_config, gpt_config
from ptmbench.engine.pretraining import causal_lm, learner, masked_lm, tokenizers
from ptmbench.engine.pretraining.language import encode, trimmed
from ptmbench.engine.pretraining.sources.invented import INVENTED

TINY = PretrainingSpec(
    name="bert_tiny.invented",
    architecture="bert_tiny",
    objective="masked_lm",
    source="invented",
    examples=300,
    recipe=Recipe("adamw", 2e-3, 0.01, 8, 6, "cosine", momentum=0.9, label_smoothing=0.0),
    threads=1,
)
OBJECTIVES = {
    "masked_lm": (masked_lm, TINY, BertModel),
    "causal_lm": (causal_lm, replace(TINY, name="gpt_tiny.invented", objective="causal_lm"), GPT2Model),
}
VOCABULARY, MASK_ID, SPECIALS = 50, 4, range(5)


@pytest.fixture(scope="module", autouse=True)
def small_corpus():
    """Shared vocabularies of few sentences and one thread: on a busy machine two wait for each other at each step."""
    threads = torch.get_num_threads()
    torch.set_num_threads(TINY.threads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizers, "SENTENCES", {"invented": 500})
        patch.setattr(masked_lm, "HELD_OUT", 40)
        patch.setattr(causal_lm, "HELD_OUT", 40)
        for cached in (tokenizers._corpus, tokenizers.wordpiece, tokenizers.byte_bpe):
            cached.cache_clear()
        yield
    torch.set_num_threads(threads)
    for cached in (tokenizers._corpus, tokenizers.wordpiece, tokenizers.byte_bpe):
        cached.cache_clear()


@pytest.fixture
def ids():
    """Random token ids [400, 30], the last ten of each text padding, the first [CLS]."""
    drawn = torch.randint(5, VOCABULARY, (400, 30), generator=torch.Generator().manual_seed(0))
    drawn[:, 0], drawn[:, 20:] = 2, PAD_ID
    return drawn


def masked(ids, rate=0.25, seed=1):
    """Inputs and targets of the ids for a seed."""
    generator = torch.Generator().manual_seed(seed)
    return masked_lm.mask_tokens(ids, generator, mask_id=MASK_ID, vocabulary=VOCABULARY, specials=SPECIALS, rate=rate)


@pytest.mark.parametrize("rate", [0.15, 0.25])
def test_masking_has_its_rates(ids, rate):
    """A share `rate` of the ordinary tokens is chosen; 80 % of them are masked, 10 % replaced, 10 % stay."""
    inputs, targets = masked(ids, rate)
    chosen = targets != masked_lm.IGNORED
    fates = inputs[chosen]
    same, hidden = (fates == targets[chosen]).float().mean(), (fates == MASK_ID).float().mean()

    assert rate == pytest.approx(float(chosen[:, 1:20].float().mean()), abs=0.02)
    assert 0.8 == pytest.approx(float(hidden), abs=0.04)
    assert 0.1 + 0.1 / 45 == pytest.approx(float(same), abs=0.03)  # a random token is at times the same one


def test_masking_leaves_specials_and_the_rest_alone(ids):
    """No special or pad is a target, what is not chosen stays as it was, and a target is what stood there."""
    inputs, targets = masked(ids)
    chosen = targets != masked_lm.IGNORED

    assert not chosen[:, 0].any()
    assert not chosen[:, 20:].any()
    assert torch.equal(ids[~chosen], inputs[~chosen])
    assert torch.equal(ids[chosen], targets[chosen])
    assert not torch.isin(inputs[chosen], torch.tensor([0, 1, 2, 3])).any()


def test_masking_repeats_from_its_generator(ids):
    """The same generator state hides the same tokens, another one others."""
    first, again, other = masked(ids)[1], masked(ids)[1], masked(ids, seed=2)[1]

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_masked_lm_loss_is_its_formula(ids):
    """The loss is the mean of -log softmax at the chosen tokens, and of nothing else."""
    _, targets = masked(ids[:8])
    logits = torch.randn(8, 30, VOCABULARY, generator=torch.Generator().manual_seed(3))
    logs = logits - logits.exp().sum(-1, keepdim=True).log()
    places = [(row, place) for row, place in (targets != -100).nonzero().tolist()]
    by_hand = -sum(float(logs[row, place, targets[row, place]]) for row, place in places) / len(places)

    loss = masked_lm.masked_lm_loss(logits, targets)

    assert by_hand == pytest.approx(float(loss), rel=1e-5)
    assert float(functional.cross_entropy(logits.transpose(1, 2), targets)) == pytest.approx(float(loss), rel=1e-6)


def test_uniform_logits_cost_the_logarithm_of_the_vocabulary(ids):
    """A model that knows nothing pays log V nats a token under both objectives."""
    _, targets = masked(ids)
    logits = torch.zeros(*ids.shape, VOCABULARY)

    assert math.log(VOCABULARY) == pytest.approx(float(masked_lm.masked_lm_loss(logits, targets)), rel=1e-6)
    assert math.log(VOCABULARY) == pytest.approx(float(causal_lm.causal_lm_loss(logits, ids, PAD_ID)), rel=1e-6)


def test_masked_lm_loss_of_no_target_is_zero():
    """A batch in which chance chose no token costs 0 and gives a gradient of 0, not a number that is none."""
    logits = torch.randn(2, 3, VOCABULARY, requires_grad=True)

    loss = masked_lm.masked_lm_loss(logits, torch.full((2, 3), -100))
    loss.backward()

    assert 0.0 == float(loss.detach())
    assert 0.0 == float(logits.grad.abs().max())


def test_causal_lm_loss_is_its_formula(ids):
    """The loss is the mean of -log softmax of each next token, pads left out."""
    logits = torch.randn(4, 30, VOCABULARY, generator=torch.Generator().manual_seed(3))
    logs = logits - logits.exp().sum(-1, keepdim=True).log()
    terms = [float(logs[row, place, ids[row, place + 1]]) for row in range(4) for place in range(19)]

    assert -sum(terms) / len(terms) == pytest.approx(float(causal_lm.causal_lm_loss(logits, ids[:4], PAD_ID)), rel=1e-5)


def test_causal_lm_loss_ignores_pads(ids):
    """Neither more padding nor what is predicted at it changes the loss."""
    logits = torch.randn(4, 30, VOCABULARY, generator=torch.Generator().manual_seed(3))
    short = causal_lm.causal_lm_loss(logits[:, :20], ids[:4, :20], PAD_ID)
    changed = logits.clone()
    changed[:, 20:] = 9.0

    assert float(short) == pytest.approx(float(causal_lm.causal_lm_loss(changed, ids[:4], PAD_ID)), rel=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_language_learner_starts_near_the_uniform_loss(objective):
    """Before training, a network knows nothing: its first loss is log V, half a nat more or less."""
    module, spec, _ = OBJECTIVES[objective]
    made = module.learner(spec)

    assert math.log(len(made.tokenizer)) == pytest.approx(float(made.take_step(1).detach()), abs=0.5)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_language_learner_repeats_bit_for_bit(objective):
    """Two pre-trainings of one recipe ship the same bytes and figures, another seed other weights."""
    module, spec, _ = OBJECTIVES[objective]
    made = [module.learner(each) for each in (spec, spec, replace(spec, seed=1))]
    for each in made:
        learner.run(each)
    first, again, other = (each.outcome() for each in made)
    weights = f"{spec.name}/model.safetensors"

    assert first.files == again.files
    assert first.held_out == again.held_out
    assert first.files[weights] != other.files[weights]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_stopped_language_learner_goes_on_to_the_same_bits(objective, tmp_path, monkeypatch):
    """Taken up from the copy of step 4, a pre-training ends at the weights of one that never stopped."""
    module, spec, _ = OBJECTIVES[objective]
    monkeypatch.setattr(learner, "KEEP_EVERY", 4)
    whole, partial = module.learner(spec), tmp_path / "partial.pt"
    learner.run(whole, partial)
    resumed, steps = module.learner(spec), []
    learner.run(resumed, partial, lambda step, _: steps.append(step))

    assert whole.outcome().files == resumed.outcome().files
    assert [6] == steps
    assert 4 == torch.load(partial, weights_only=True)["step"]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_language_model_ships_a_folder_that_transformers_reads(objective, tmp_path):
    """transformers reads model and tokenizer back from the shipped files, under 2 MB, with the same token ids."""
    module, spec, kind = OBJECTIVES[objective]
    made = module.learner(spec)
    outcome = made.outcome()
    for path, content in outcome.files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    folder = tmp_path / spec.name
    model, tokenizer = kind.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    texts = INVENTED.sentences(5, "held_out")

    assert encode(made.tokenizer, texts).tolist() == encode(tokenizer, texts).tolist()
    trained = made.model.base_model.state_dict()
    loaded = {key: tensor for key, tensor in model.state_dict().items() if not key.startswith("pooler.")}
    assert set(trained) == set(loaded)
    assert all(torch.equal(trained[key], tensor) for key, tensor in loaded.items())
    assert len(outcome.files[f"{spec.name}/model.safetensors"]) < 2_000_000
    assert sum(tensor.numel() for tensor in loaded.values()) == outcome.parameters


def test_held_out_figures_have_their_names():
    """Masked modelling reports accuracy and nats a masked token, causal modelling perplexity, and how many texts."""
    masked_out, causal_out = (module.learner(spec).outcome() for module, spec, _ in OBJECTIVES.values())

    assert ["masked_token_accuracy", "masked_token_loss_nats"] == list(masked_out.held_out)
    assert 0 <= masked_out.held_out["masked_token_accuracy"] < 0.1
    assert ["perplexity"] == list(causal_out.held_out)
    assert causal_out.held_out["perplexity"] > 100
    assert (40, 40) == (masked_out.held_out_examples, causal_out.held_out_examples)


def test_tokenizers_repeat_and_lower_case():
    """The same sentences give the same vocabulary, and capitals change nothing."""
    texts = INVENTED.sentences(200, "train")
    for train in (tokenizers.train_wordpiece, tokenizers.train_byte_bpe):
        first, again = train(texts, 400), train(texts, 400)

        assert first.backend_tokenizer.to_str() == again.backend_tokenizer.to_str()
        assert len(first) <= 400
        assert first("THE BED is").input_ids == first("the bed is").input_ids
        assert PAD_ID == first.pad_token_id


def test_tokenizers_have_their_specials():
    """WordPiece frames a text with [CLS] and [SEP], the byte-level one with its end token; unknown bytes are spelt."""
    texts = INVENTED.sentences(200, "train")
    wordpiece, bpe = tokenizers.train_wordpiece(texts, 400), tokenizers.train_byte_bpe(texts, 400)

    assert list(tokenizers.SPECIALS) == wordpiece.convert_ids_to_tokens(range(5))
    assert ["[CLS]", "i", "[SEP]"] == wordpiece.convert_ids_to_tokens(wordpiece("i").input_ids)
    assert (1, 1) == (bpe("i").input_ids[0], bpe("i").input_ids[-1])
    assert "é1" == bpe.decode(bpe("é1").input_ids, skip_special_tokens=True).strip()


def test_configs_keep_special_ids_inside_the_vocabulary():
    """The ids that begin, end and pad a text are below the vocabulary's size."""
    config = gpt_config(300)

    assert max(config.bos_token_id, config.eos_token_id, config.pad_token_id, bert_config(300).pad_token_id) < 300


def test_a_trimmed_batch_has_no_column_of_padding(ids):
    """Columns that hold only padding are cut off, the others stay."""
    assert torch.equal(ids[:, :20], trimmed(ids))
