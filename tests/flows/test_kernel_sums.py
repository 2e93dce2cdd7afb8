"""Sums over pairs: three forms against one another and against extended precision."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import poisson

from learnability.flows.kernel_sums import (
    TRUNCATION,
    Sums,
    by_compiled_moments,
    by_moment_products,
    by_pairs,
    cheaper_plan,
    degrees_needed,
    kernel_sums,
    rounded_up,
)
from learnability.flows.mean_field import radial_coefficients
from learnability.flows.moment_plan import MomentPlan, graded_indices, moment_count, moment_plan

TILE = 1 << 16


def particles(
    count: int, variables: int, longest: float, batch: int = 2, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """w, r, mass with the decay, and the decay; the longest |w|^2 is as given."""
    g = torch.Generator().manual_seed(seed)
    w = torch.randn(batch, count, variables, generator=g, dtype=torch.float64)
    w *= (longest / w.square().sum(-1).amax(1)).sqrt()[:, None, None]
    r = 0.6 + 0.6 * torch.rand(batch, count, generator=g, dtype=torch.float64)
    decay = torch.exp(-0.5 * (w.square().sum(-1) + r.square()))
    return w, r, decay * torch.randn(batch, count, generator=g, dtype=torch.float64) / count, decay


def plan_of(w: torch.Tensor, r: torch.Tensor, radial: tuple[float, ...]) -> MomentPlan:
    degrees = degrees_needed(radial, float(w.square().sum(-1).max()), float(r.square().max()))
    assert degrees is not None
    return moment_plan(w.shape[2], degrees)


def gap(one: Sums, other: Sums, decay: torch.Tensor) -> float:
    """The largest difference after the decay of whoever uses the sums."""
    return max(
        float(((one.value - other.value) * decay).abs().max()),
        float(((one.gradient - other.gradient) * decay[..., None]).abs().max()),
        float(((one.stretch - other.stretch) * decay).abs().max()),
    )


@pytest.mark.parametrize("reflected", [0.0, -0.7])
@pytest.mark.parametrize("perpendicular", [6.0, 126.0, math.inf])
@pytest.mark.parametrize(("variables", "longest"), [(1, 0.05), (1, 9.0), (2, 3.0), (3, 1.5), (4, 0.7)])
def test_all_forms_agree(variables: int, longest: float, perpendicular: float, reflected: float) -> None:
    w, r, mass, decay = particles(45, variables, longest)
    radial = tuple(radial_coefficients(np.array([perpendicular]), float(r.square().max()))[0])
    plan = plan_of(w, r, radial)
    pairs = by_pairs(w, r, mass, radial, reflected, TILE)
    assert gap(by_compiled_moments(w, r, mass, radial, reflected, plan), pairs, decay) < 1e-14
    assert gap(by_moment_products(w, r, mass, radial, reflected, plan, TILE), pairs, decay) < 1e-14
    assert gap(by_moment_products(w, r, mass, radial, reflected, plan, 2000), pairs, decay) < 1e-14


def test_against_extended_precision() -> None:
    """The pair sums with 64-bit mantissas, 0F1 from its series: the value, and its derivatives by their own sums."""
    w, r, mass, decay = particles(20, 2, 4.0, batch=1)
    m, reflected = 9.0, 0.4
    radial = tuple(radial_coefficients(np.array([m]), float(r.square().max()))[0])
    wide, radii, weight = (x[0].numpy().astype(np.longdouble) for x in (w, r, mass))
    dot, product = wide @ wide.T, np.square(np.outer(radii, radii))
    average, slope, term = np.ones_like(product), np.zeros_like(product), np.ones_like(product)
    for level in range(1, 40):
        term = term * product / (4 * level * (np.longdouble(m) / 2 + level - 1))
        average, slope = average + term, slope + 2 * level * term
    even, odd = np.exp(dot) + reflected * np.exp(-dot), np.exp(dot) - reflected * np.exp(-dot)
    expected = Sums(
        *(
            torch.from_numpy(np.asarray(x, dtype=float))[None]
            for x in (
                (even * average) @ weight,
                (odd * average) @ (weight[:, None] * wide),
                (even * slope) @ weight / np.square(radii),
            )
        )
    )
    plan = plan_of(w, r, radial)
    assert gap(by_compiled_moments(w, r, mass, radial, reflected, plan), expected, decay) < 3e-15
    assert gap(by_pairs(w, r, mass, radial, reflected, TILE), expected, decay) < 3e-15


def test_the_degree_is_the_smallest_that_the_bound_allows() -> None:
    radial = (1.0, 1e-3, 1e-20)
    degrees = degrees_needed(radial, 3.0, 1.2)
    assert degrees is not None
    for k, scale in zip(degrees[:2], (1.0, 1e-3 * 1.2**2), strict=True):
        # The gradient's terms are one degree lower.
        assert scale * math.sqrt(3) * poisson.sf(k - 1, 3.0) <= TRUNCATION
        assert scale * math.sqrt(3) * poisson.sf(k - 2, 3.0) > TRUNCATION
    assert degrees[2] == 1
    assert degrees_needed(radial, 200.0, 1.2) is None


def test_a_lower_degree_leaves_out_what_the_bound_says() -> None:
    """One level, degree 8, where the rest is visible: no particle misses more than the bound times sum |mass|."""
    w, r, mass, decay = particles(30, 2, 2.0)
    radial = (1.0,)
    short = by_compiled_moments(w, r, mass, radial, 0.0, moment_plan(2, (8,)))
    missing = ((short.value - by_pairs(w, r, mass, radial, 0.0, TILE).value) * decay).abs().max()
    bound = poisson.sf(8, 2.0) * float((mass / decay).abs().sum(1).max())
    assert bound * 1e-3 < float(missing) <= bound


def test_plans_count_and_contain_every_moment_once() -> None:
    degrees = (6, 4, 1)
    for variables in (1, 2, 3, 4):
        plan = moment_plan(variables, degrees)
        assert plan.size == moment_count(variables, degrees)
        kept = {
            (*row, *column)
            for row, count in zip(plan.rows, plan.counts, strict=True)
            for column in plan.columns[:count]
        }
        expected = {(*index, level) for level, k in enumerate(degrees) for index in graded_indices(variables, k)}
        assert kept == expected


def test_the_cheaper_form_is_chosen() -> None:
    infinite = (1.0,)
    assert cheaper_plan(4096, 2, infinite, 0.0, (3.0, 1.0)) is not None
    assert cheaper_plan(40, 4, infinite, 0.0, (3.0, 1.0)) is None
    assert cheaper_plan(4096, 2, infinite, 0.0, (300.0, 1.0)) is None
    w, r, mass, decay = particles(60, 4, 3.0)
    pairs = by_pairs(w, r, mass, infinite, 0.0, TILE)
    assert gap(kernel_sums(w, r, mass, infinite, 0.0, (3.0, 1.0), 100), pairs, decay) < 3e-15


def test_a_radius_of_zero_gives_no_nan() -> None:
    w, r, mass, _ = particles(10, 2, 1.0)
    sums = kernel_sums(w, r * 0, mass, (1.0,), 0.0, (1.0, 0.0), TILE)
    assert torch.isfinite(sums.stretch).all()


def test_bounds_are_rounded_up_to_a_grid() -> None:
    assert rounded_up(0.0) >= 1e-3
    for bound in (0.01, 1.0, 2.7):
        assert bound <= rounded_up(bound) <= 1.106 * bound
    assert len({rounded_up(x) for x in np.linspace(1, 2, 500)}) < 10
