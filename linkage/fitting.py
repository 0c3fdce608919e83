"""Fit what each level of a comparison is worth, from labelled pairs: ridge logistic regression, turned into m and u.

Here: counts of level patterns in, weights in bits and shares out. Never here: a record, a threshold.
Weights fitted together allow for what comparisons say twice (a name and its token, a post code and a birth place), which the
product of independent likelihood ratios of Fellegi and Sunter (1969) does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from linkage.comparisons import DEFAULT_LIMITS
from linkage.model import Comparison, Level

Floats = npt.NDArray[np.float64]

RIDGE = 1.0
"""Penalty on the square of a coefficient (natural logarithm): a level that no pair showed is worth nothing."""
_STEPS, _CLOSE = 100, 1e-9
_BIT = float(np.log(2))


@dataclass(frozen=True)
class Fitted:
    """prior: share of pairs of one person among the (weighted) candidate pairs at which all levels weigh nothing. comparisons: weighted."""

    prior: float
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class _Problem:
    """Patterns of levels as rows of a 0/1 matrix, the last column for the intercept; how many pairs each stands for."""

    matrix: Floats
    same: Floats
    pairs: Floats


def fit(patterns: pl.DataFrame, comparisons: Sequence[Comparison], limits: Mapping[tuple[str, str], tuple[float, float]]) -> Fitted:
    """Weights for the levels of `comparisons`.

    patterns: level_<comparison> (index into its levels, 0 = missing), is_same, pairs (a weight), one row a pattern. A weight outside
    its limits (bits, by comparison and label) is held at the limit and the others are fitted anew around it.
    """
    names = [comparison.name for comparison in comparisons]
    ordered = patterns.sort(*(f"level_{name}" for name in names), "is_same")
    problem = _problem(ordered, comparisons)
    bounds = [limits.get((one.name, level.label), DEFAULT_LIMITS) for one in comparisons for level in one.levels[1:]]
    low, high = (np.array([bound[end] for bound in bounds] + [value]) * _BIT for end, value in ((0, -np.inf), (1, np.inf)))
    weights = _bounded(problem, low, high) / _BIT
    shares = _shares(problem, [len(one.levels) - 1 for one in comparisons])
    weighted = _weighted(comparisons, weights, shares)
    return Fitted(round(float(1 / (1 + 2 ** -weights[-1])), 9), weighted)


def _problem(patterns: pl.DataFrame, comparisons: Sequence[Comparison]) -> _Problem:
    columns = []
    for one in comparisons:
        index = patterns[f"level_{one.name}"].to_numpy()
        columns += [index == number for number in range(1, len(one.levels))]
    columns.append(np.ones(patterns.height, dtype=np.bool_))
    matrix = np.column_stack(columns).astype(np.float64)
    return _Problem(matrix, patterns["is_same"].to_numpy().astype(np.float64), patterns["pairs"].to_numpy().astype(np.float64))


def _bounded(problem: _Problem, low: Floats, high: Floats) -> Floats:
    """Newton's steps; coefficients that leave their limits are held there for good, which ends since each round holds more."""
    held = low == high
    found = np.where(held, np.where(np.isfinite(low), low, 0.0), 0.0)
    while True:
        found = _newton(problem, found, held)
        outside = ~held & ((found < low) | (found > high))
        if not outside.any():
            return found
        found = np.clip(found, low, high)
        held |= outside


def _newton(problem: _Problem, start: Floats, held: npt.NDArray[np.bool_]) -> Floats:
    ridge = np.full(start.size, RIDGE)
    ridge[-1] = 0.0
    free = np.flatnonzero(~held)
    matrix, found = problem.matrix[:, free], start.copy()
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(problem.matrix @ found, -500, 500)))
        slope = matrix.T @ (problem.pairs * (problem.same - chance)) - ridge[free] * found[free]
        curve = (matrix.T * (problem.pairs * chance * (1 - chance))) @ matrix + np.diag(ridge[free] + 1e-9)
        step = np.clip(np.linalg.solve(curve, slope), -2, 2)
        found[free] += step
        if np.abs(step).max() < _CLOSE:
            break
    return found


def _shares(problem: _Problem, sizes: Sequence[int]) -> tuple[Floats, Floats]:
    """Of the pairs of one person, and of two, that say anything in a comparison: the share at each level; half a pair is added to each."""
    counts = [problem.matrix[:, :-1].T @ (problem.pairs * of) + 0.5 for of in (problem.same, 1 - problem.same)]
    ends = np.cumsum(sizes)
    m, u = (np.concatenate([part / part.sum() for part in np.split(count, ends[:-1])]) for count in counts)
    return m, u


def _weighted(comparisons: Sequence[Comparison], weights: Floats, shares: tuple[Floats, Floats]) -> tuple[Comparison, ...]:
    position, weighted = 0, []
    for one in comparisons:
        levels = [one.levels[0]]
        for level in one.levels[1:]:
            levels.append(_level(level, float(weights[position]), float(shares[0][position]), float(shares[1][position])))
            position += 1
        weighted.append(one.model_copy(update={"levels": tuple(levels)}))
    return tuple(weighted)


def _level(level: Level, weight: float, m: float, u: float) -> Level:
    """The weight is kept; of m and u the one that was seen more often is the counted share, and the other follows from the weight."""
    if weight >= 0:
        return level.model_copy(update={"m": _figures(m), "u": _figures(m / 2**weight)})
    return level.model_copy(update={"m": _figures(u * 2**weight), "u": _figures(u)})


def _figures(value: float) -> float:
    return float(f"{value:.6g}")
