"""Training: the samples that every method needs on every target, one seed after the other."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.compiled.blas import one_blas_thread
from learnability.compiled.normal_numbers import fill_normal, standard_normal
from learnability.estimators import kernel, moments, reuse
from learnability.estimators.moments import smallest_cosine
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.atlas import theory
from learnability.studies.atlas.check.methods import LEARNED, SEPARATE, Samples, counts, step_of
from learnability.studies.atlas.exponents.search import FIRST, RESOLUTION, samples_needed
from learnability.studies.atlas.exponents.setting import ExponentsSetting
from learnability.studies.atlas.problem import Known, diagnosis_of, known_of
from learnability.studies.atlas.settings import Target

Array = NDArray[np.float64]

PAIRS = ("u_statistic", "best_transform")
"""Methods on pairs of samples where a generative leap is 3 or 4."""

FRESH = 2000
"""Fresh points on which a kernel's predictor is judged."""

_CACHED = 2**18
"""Numbers of the inputs of one batch of a pass."""


def train(setting: ExponentsSetting, context: RunContext) -> xr.Dataset:
    """``samples`` (target, method, place, seed): the samples needed at the dimension ``dimension`` (target, method,
    place); inf beyond the last n, NaN where not run.

    Seeds beyond the most of a method are not run. Once so many have not learned at one dimension that there can be no
    exponent, the rest, and larger dimensions, are not run either.
    """
    found, methods = setting.target.texts, setting.methods
    targets = [Target(text=text) for text in found]
    tables = (setting.dimensions, setting.kernel_dimensions, setting.trace_dimensions, setting.pair_dimensions)
    places = max(len(chosen) for table in tables for chosen in table.values())
    shape = (len(found), len(methods), places)
    samples, dimension = np.full((*shape, len(context.seeds)), math.nan), np.zeros(shape, dtype=np.int64)
    with one_blas_thread():
        for i, (text, target) in enumerate(zip(found, targets, strict=True)):
            context.progress(i, len(found), text)
            for j, method in enumerate(methods):
                chosen = _dimensions(setting, method, known_of(target))
                dimension[i, j, : len(chosen)] = chosen
                asked, bearable = setting.asked(method, context.seeds), setting.bearable(method, context.seeds)
                for place, d in enumerate(chosen if asked else ()):
                    rng = context.stream(f"{method} on {text} at d = {d}")
                    needed = _over_seeds(setting, method, known_of(target), d, rng, asked, bearable)
                    samples[i, j, place, :asked] = needed
                    if sum(map(math.isinf, needed)) > bearable:
                        break
    over = ("target", "method", "place")
    return xr.Dataset(
        {
            "samples": variable((*over, "seed"), samples, "samples needed; inf beyond the last n, NaN where not run"),
            "dimension": variable(over, dimension, "dimension d of the data; 0 where there is none"),
            "predicted": variable(
                over[:2],
                [[theory.sample_exponent(method, known_of(target)) for method in methods] for target in targets],
                "exponent that theory gives; inf: not at all; NaN: none is known",
            ),
            **_diagnoses(targets),
        },
        coords={"target": names("target", found, "target"), "method": names("method", methods, "method")},
    )


def _diagnoses(targets: Sequence[Target]) -> dict[str, xr.Variable]:
    """What the diagnosis says of every target; -1 where a generative leap is not known."""
    said = [diagnosis_of(target) for target in targets]
    numbers = {
        "information_exponent": ([one.information_exponent for one in said], "first correlational leap"),
        "leap": ([one.leap for one in said], "largest correlational leap"),
        "generative_exponent": ([one.generative_exponent or -1 for one in said], "first generative leap"),
        "generative_leap": ([one.generative_leap or -1 for one in said], "largest generative leap"),
        "directions": ([one.intrinsic_dimension for one in said], "number of directions of the target"),
        "reflective_dimension": (
            [one.reflective_subspace.shape[1] for one in said],
            "dimension of the largest reflective subspace",
        ),
        "certain": ([one.generative.exactness == "exact" for one in said], "whether every generative leap is proved"),
        "binary": ([_binary(target) for target in targets], "whether the label has two values"),
        "link": (
            [one.function is None and one.intrinsic_dimension == 1 for one in said],
            "whether the target is a polynomial of one direction",
        ),
    }  # fmt: skip
    return {name: variable("target", values, meaning) for name, (values, meaning) in numbers.items()}


def _binary(target: Target) -> bool:
    known = known_of(target)
    z = np.random.default_rng(17).standard_normal((1000, known.directions))
    return len(np.unique(np.round(known.labels(z), 9))) == 2


def _dimensions(setting: ExponentsSetting, method: str, known: Known) -> tuple[int, ...]:
    """The dimensions at which a method runs: none where theory gives it no exponent, or where it is not made for the
    leaps (:mod:`learnability.studies.atlas.check.methods`)."""
    highest = max((k for k, _ in known.generative), default=0)
    if method in PAIRS and highest > moments.HIGHEST_PAIRS:
        return ()
    law = theory.sample_exponent(method, known)
    table: dict[str, tuple[int, ...]] = {str(p): chosen for p, chosen in setting.dimensions.items()}
    if method == "kernel_ridge":
        table = {str(p): chosen for p, chosen in setting.kernel_dimensions.items()}
    if method == "partial_trace":
        table |= {str(p): chosen for p, chosen in setting.trace_dimensions.items()}
    if method in PAIRS and highest > 2:
        table |= {str(p): chosen for p, chosen in setting.pair_dimensions.items()}
    return table.get(f"{law:g}", ()) if math.isfinite(law) else ()


def _over_seeds(
    setting: ExponentsSetting,
    method: str,
    known: Known,
    d: int,
    rng: np.random.Generator,
    seeds: int,
    bearable: float,
) -> list[float]:
    one = {"online_sgd": _one_pass, "reused_samples": _one_pass, "kernel_ridge": _kernel}.get(method, _moments)
    needed: list[float] = []
    for own in rng.spawn(seeds):
        hopeless = sum(map(math.isinf, needed)) > bearable
        needed.append(math.inf if hopeless else one(setting, method, known, d, own))
    return needed


def _one_pass(setting: ExponentsSetting, method: str, known: Known, d: int, rng: np.random.Generator) -> float:
    """The first n of a pass at which the network's subspace is learned."""
    grid = counts(FIRST, setting.most_online // d, RESOLUTION, slack=1e-9)
    looked = set(grid)
    rho, exponent = step_of(known, method == "reused_samples")
    # Batches that a cache holds: a pass is otherwise bound by memory.
    ends = sorted({*grid, *range(0, grid[-1], -(-_CACHED // d))} - {0})

    def batches() -> Iterator[tuple[Array, Array]]:
        for first, last in itertools.pairwise((0, *ends)):
            x = standard_normal((last - first, d), rng)
            yield x, known.labels(x[:, : known.directions])

    found = reuse.subspaces(batches(), known.directions, rng, rho=rho, exponent=exponent)
    asked = (pair for pair in zip(ends, found, strict=False) if pair[0] in looked)
    return next(
        (float(n) for n, basis in asked if smallest_cosine(basis, known.directions) > LEARNED),
        math.inf,
    )


class _Nested:
    """Samples that are drawn when they are asked for: the first n are the same for every n."""

    def __init__(self, known: Known, d: int, most: int, rng: np.random.Generator) -> None:
        self.known, self.rng = known, rng
        self.x, self.drawn = np.empty((most, d)), 0

    def first(self, n: int) -> tuple[Array, Array]:
        if n > self.drawn:
            fill_normal(self.x[self.drawn : n], self.rng)
            self.drawn = n
        return self.x[:n], self.known.labels(self.x[:n, : self.known.directions])


def _moments(setting: ExponentsSetting, method: str, known: Known, d: int, rng: np.random.Generator) -> float:
    """The least n at which the estimated subspace is within :data:`LEARNED`."""
    degree = max((k for k, _ in known.generative), default=0)
    most = setting.most_batch // d
    if method in PAIRS and degree > 2:
        most = min(most, setting.most_pairs)
    data = _Nested(known, d, most, rng)

    def learns(n: int) -> bool:
        return SEPARATE[method](known, Samples(*data.first(n), rng), [n])[0] > LEARNED

    return samples_needed(learns, most)


def _kernel(setting: ExponentsSetting, method: str, known: Known, d: int, rng: np.random.Generator) -> float:
    """The least n at which the predictor explains the share of the variance that needs every direction."""
    fresh = standard_normal((FRESH, d), rng)
    truth = known.labels(fresh[:, : known.directions])
    data = _Nested(known, d, setting.most_kernel, rng)
    regression = kernel.NestedRegression(fresh, setting.most_kernel)

    def learns(n: int) -> bool:
        missed = truth - regression.predictions(*data.first(n))
        return 1 - float((missed**2).sum() / (truth**2).sum()) > known.kernel_share

    return samples_needed(learns, setting.most_kernel)
