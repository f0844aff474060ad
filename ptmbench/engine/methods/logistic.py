"""Multinomial logistic regression for several strengths of the penalty in one program, to a stated part of its optimum.

For each strength C it minimises the mean cross-entropy over n examples plus ||W||^2 / (2 C n), the objective of
scikit-learn's `LogisticRegression`; biases are free. All strengths go down side by side by L-BFGS (Nocedal & Wright
2006, algorithm 7.4), which starts each step from the curvature of the loss at equal probabilities: the second moments
of the features, by their eigenvectors. Steps are found along logits that are computed once, so that one step costs two
matrix products. With fewer examples than features all happens in the space that the examples span.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn import functional

MEMORY = 10  # pairs of steps and changes of the gradient
MOST_STEPS = 2_000
PATIENCE = 25  # steps in which a search has to gain something
MOST_TRIES = 30  # of a step length
FLAT_TRIES = 8  # of them that look for a flat place too
MOST_LOGITS = 2**26  # that are kept at a time: 256 MiB
LARGEST_BASIS = 2_048  # examples or features: beyond, eigenvectors take longer than the steps that they save
ROWS_A_FEATURE = 3  # examples that the second moments are estimated from
DOUBLE = 2**20  # numbers in the features: of so many all is done in double precision, which weak penalties need
NEGLIGIBLE = 1e-10  # part of the largest eigenvalue


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear classifier for each strength: `weights` [S, K, d] and `biases` [S, K]."""

    weights: Tensor
    biases: Tensor


@dataclass(frozen=True, slots=True)
class _Space:
    """Where the search happens: `design` [n, r + 1], the last column ones; `curvature` [r + 1] along `basis` [r, r].

    Without a basis the columns themselves are its directions. `back` [r, d] takes weights to features.
    """

    design: Tensor
    curvature: Tensor
    basis: Tensor | None
    back: Tensor | None


@dataclass(slots=True)
class _State:
    """A search for s strengths: parameters, gradients and directions [s, K, r + 1], logits [s, K, n], values [s]."""

    strengths: Tensor
    penalty: Tensor
    parameters: Tensor
    logits: Tensor
    gradient: Tensor
    value: Tensor
    confidence: Tensor


def fit(features: Tensor, labels: Tensor, strengths: Sequence[float], tolerance: float = 1e-5) -> Linear:
    """Fits one classifier for each strength.

    Args:
        features: [n, d], float32, on any device; each column of about unit size, for speed.
        labels: [n], classes 0..K-1, each at least once, K at least 2.
        strengths: scikit-learn's C, the inverse of the penalty.
        tolerance: Of the objective: a search ends where what is left to gain is estimated below this part of it.

    Returns:
        Weights and biases of each strength, float32.
    """
    classes = int(labels.max()) + 1
    mean = features.mean(0)
    exact = features.numel() <= DOUBLE and features.device.type != "mps"  # which has no double precision
    space = _space((features - mean).double() if exact else features - mean)
    at_once = max(1, MOST_LOGITS // (classes * len(labels)))
    found = [
        _searched(space, labels, classes, strengths[start : start + at_once], tolerance)
        for start in range(0, len(strengths), at_once)
    ]
    parameters = torch.cat(found)
    weights = parameters[..., :-1] if space.back is None else parameters[..., :-1] @ space.back
    biases = parameters[..., -1] - weights @ mean.to(weights.dtype)
    return Linear(weights.float(), biases.float())


def _space(centred: Tensor) -> _Space:
    examples, size = centred.shape
    ones = centred.new_ones(examples, 1)
    if examples <= min(size, LARGEST_BASIS):
        gram = centred.double() @ centred.double().T
        values, vectors = torch.linalg.eigh(gram)
        kept = values > NEGLIGIBLE * values[-1].clamp_min(torch.finfo(torch.float64).tiny)
        lengths = values[kept].sqrt()
        design = (vectors[:, kept] * lengths).to(centred.dtype)
        back = (vectors[:, kept] / lengths).T.to(centred.dtype) @ centred
        return _Space(torch.cat([design, ones], 1), _with_bias(values[kept].to(centred.dtype) / examples), None, back)
    design = torch.cat([centred, ones], 1)
    if size > LARGEST_BASIS:
        return _Space(design, _with_bias(centred.square().mean(0)), None, None)
    rows = centred[: ROWS_A_FEATURE * size] if examples < 2 * ROWS_A_FEATURE * size else _spread(centred, size)
    values, vectors = torch.linalg.eigh(rows.T @ rows / len(rows))
    return _Space(design, _with_bias(values.clamp_min(0)), vectors, None)


def _spread(centred: Tensor, size: int) -> Tensor:
    """Some rows, from the first to the last at equal distances: examples may come sorted by class."""
    return centred[:: len(centred) // (ROWS_A_FEATURE * size)]


def _with_bias(curvature: Tensor) -> Tensor:
    return torch.cat([curvature, curvature.new_ones(1)])


def _searched(space: _Space, labels: Tensor, classes: int, strengths: Sequence[float], tolerance: float) -> Tensor:
    """Parameters [S, K, r + 1] at the optimum of each strength."""
    targets = functional.one_hot(labels, classes).T.to(space.design.dtype).contiguous()  # [K, n]
    halves = 2.0 if classes == 2 else 1.0  # scikit-learn's two classes share one vector: twice the squared norm
    penalty = space.design.new_tensor([halves / (strength * len(labels)) for strength in strengths])
    state = _begun(space, targets, penalty)
    found = state.parameters.clone()
    pairs: list[tuple[Tensor, Tensor, Tensor]] = []
    before = torch.full_like(penalty, torch.inf)  # the values `PATIENCE` steps ago
    for number in range(MOST_STEPS):
        direction = -_curved(space, state, pairs)
        slope = _inner(direction, state.gradient)
        going = -0.5 * slope > tolerance * state.value
        if number % PATIENCE == 0:  # of rounding alone the slope may stay steep
            going &= state.value < (1 - tolerance) * before[state.strengths]
            before[state.strengths] = state.value
        if not bool(going.all()):
            found[state.strengths[~going]] = state.parameters[~going]
            if not bool(going.any()):
                return found
            state = replace(state, **{field.name: getattr(state, field.name)[going] for field in fields(state)})
            pairs = [(step[going], change[going], scale[going]) for step, change, scale in pairs]
            direction, slope = direction[going], slope[going]
        state, pair = _stepped(space, targets, state, direction, slope)
        pairs = [*pairs, pair][-MEMORY:]
    found[state.strengths] = state.parameters
    return found


def _begun(space: _Space, targets: Tensor, penalty: Tensor) -> _State:
    count, (classes, examples) = len(penalty), targets.shape
    design = space.design
    parameters = design.new_zeros(count, classes, design.shape[1])
    even = ((1 / classes - targets) @ design / examples).expand_as(parameters)
    value = design.new_full((count,), math.log(classes))
    logits = design.new_zeros(count, classes, examples)
    index = torch.arange(count, device=design.device)
    return _State(index, penalty, parameters, logits, even, value, design.new_full((count,), 1 / classes))


def _curved(space: _Space, state: _State, pairs: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """The gradient times the estimated inverse of the curvature [s, K, r + 1]: both loops of L-BFGS."""
    rest, factors = state.gradient, []
    for step, change, scale in reversed(pairs):
        factor = scale * _inner(step, rest)
        rest = rest - _wide(factor) * change
        factors.append(factor)
    rest = _preconditioned(space, state, rest)
    for (step, change, scale), factor in zip(pairs, reversed(factors), strict=True):
        rest = rest + _wide(factor - scale * _inner(change, rest)) * step
    return rest


def _preconditioned(space: _Space, state: _State, given: Tensor) -> Tensor:
    curvature = state.confidence[:, None] * space.curvature  # [s, r + 1]
    curvature[:, :-1] += state.penalty[:, None]
    if space.basis is None:
        return given / curvature[:, None]
    turned = _rows(given[..., :-1], space.basis) / curvature[:, None, :-1]
    return torch.cat([_rows(turned, space.basis.T), given[..., -1:] / curvature[:, None, -1:]], 2)


@dataclass(frozen=True, slots=True)
class _Line:
    """A direction [s, K, r + 1]: how the logits move along it, and what loss and penalty gain for each unit of length.

    `wanted`, `tilts` and `grows` [s]: by what the right classes' logits rise, and by what the penalty does, first and
    second.
    """

    along: Tensor
    wanted: Tensor
    tilts: Tensor
    grows: Tensor
    slope: Tensor

    @classmethod
    def of(cls, space: _Space, targets: Tensor, state: _State, direction: Tensor, slope: Tensor) -> "_Line":
        """The line from a state in a direction along which the objective falls by `slope` at first."""
        along = _rows(direction, space.design.T)
        penalised, bent = direction[..., :-1], state.parameters[..., :-1]
        grows, tilts = state.penalty * _inner(penalised, penalised), state.penalty * _inner(penalised, bent)
        return cls(along, (along * targets).sum((1, 2)) / targets.shape[1], tilts, grows, slope)


def _length(state: _State, line: _Line) -> tuple[Tensor, Tensor]:
    """How far to go along a line [s], and the classes' probabilities [s, K, n] there.

    To where it is half as steep, by Newton's steps, if a few find it. No step ends above where the search began, as
    directions may lead astray: then the place is looked for between one where the objective falls and one where it
    rises.
    """
    classes, examples = state.logits.shape[1:]
    start, before = math.log(classes), state.logits.logsumexp(1)
    length = torch.ones_like(line.slope)
    low, high = (
        torch.zeros_like(length),
        torch.full_like(length, torch.inf),
    )  # falls there, rises there
    for tried in range(MOST_TRIES):
        logits = state.logits + _wide(length) * line.along
        chances = logits.softmax(1)
        weighed = chances * line.along
        means = weighed.sum(1)
        now = means.sum(1) / examples - line.wanted + line.tilts + length * line.grows
        gained = (logits.logsumexp(1) - before).sum(1) / examples - length * line.wanted
        climbs = state.value + gained + length * line.tilts + 0.5 * length.square() * line.grows > start
        bad = climbs | (now.abs() > 0.5 * line.slope.abs()) if tried < FLAT_TRIES else climbs
        if not bool(bad.any()):
            return length, chances
        low, high = torch.where(now > 0, low, length), torch.where(now > 0, length, high)
        bends = ((weighed * line.along).sum((1, 2)) - means.square().sum(1)) / examples + line.grows
        wished = (length - now / bends.clamp_min(1e-30)).clamp(1e-3, 8.0)
        astray = climbs & ~((low < wished) & (wished < high))
        middle = torch.where(high.isinf(), 2 * length, (low + high) / 2)
        length = torch.where(bad, torch.where(astray, middle, wished), length)
    length = torch.where(bad, low, length)  # convex: where it still falls, it lies below where it began
    return length, (state.logits + _wide(length) * line.along).softmax(1)


def _stepped(
    space: _Space, targets: Tensor, state: _State, direction: Tensor, slope: Tensor
) -> tuple[_State, tuple[Tensor, Tensor, Tensor]]:
    """The state after one step, and what L-BFGS remembers of it: the step, the gradient's change, and 1 / both."""
    classes, examples = targets.shape
    line = _Line.of(space, targets, state, direction, slope)
    length, chances = _length(state, line)
    step = _wide(length) * direction
    parameters, logits = state.parameters + step, state.logits + _wide(length) * line.along
    gradient = _rows(chances - targets, space.design) / examples
    gradient[..., :-1] += _wide(state.penalty) * parameters[..., :-1]
    change = gradient - state.gradient
    loss = (logits.logsumexp(1).sum(1) - (logits * targets).sum((1, 2))) / examples
    value = loss + 0.5 * state.penalty * _inner(parameters[..., :-1], parameters[..., :-1])
    confidence = ((1 - chances.square().sum(1).mean(1)) / (classes - 1)).clamp_min(1e-5 / classes)
    moved = replace(state, parameters=parameters, logits=logits, gradient=gradient, value=value, confidence=confidence)
    product = _inner(step, change)
    scale = torch.where(product > 1e-20, 1 / product.clamp_min(1e-20), torch.zeros_like(product))
    return moved, (step, change, scale)


def _inner(first: Tensor, second: Tensor) -> Tensor:
    """Inner products [s] of two stacks of matrices."""
    return (first * second).sum((1, 2))


def _rows(stack: Tensor, matrix: Tensor) -> Tensor:
    """Each row of a stack [s, K, a] times a matrix [a, c]: one product of matrices for all."""
    return (stack.reshape(-1, stack.shape[2]) @ matrix).view(*stack.shape[:2], matrix.shape[1])


def _wide(values: Tensor) -> Tensor:
    """Values [s] as [s, 1, 1]."""
    return values[:, None, None]
