"""The public API: parse a target, diagnose it, solve its gradient flow, run SGD on it, open results.

Targets are polynomials of hidden coordinates ``z = (z1, ..., zr)``, standard normal projections of the input
``x ~ N(0, I_d)`` on an orthonormal system. They are given as text (``"h1(z1) + 0.5*h1(z1)*h2(z2)"``, see
:func:`parse`) or as a :class:`~learnability.hermite.expansion.HermiteExpansion`.

The numerical libraries are imported inside the functions: importing this module is cheap.
"""

from __future__ import annotations

import itertools
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from learnability.hermite.expansion import HermiteExpansion
from learnability.results.errors import UserError, make_figures

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import torch
    import xarray as xr

    from learnability.diagnosis.result import Diagnosis
    from learnability.flows.solver import FlowState
    from learnability.hermite.activations import Activation
    from learnability.hermite.function_target import FunctionTarget, Link

Target = str | HermiteExpansion


def parse(text: str, variables: int | None = None) -> HermiteExpansion:
    """The exact Hermite expansion of a target that is written as text.

    ``h3(z1)`` is the orthonormal Hermite polynomial ``h_3 = He_3 / sqrt(3!)`` of the first hidden coordinate,
    ``He3(z1)`` the probabilists' one, ``z1^3`` a monomial. Factors are joined by ``*``, terms by ``+`` and ``-``, and
    products are expanded exactly. The result is ``f(z) = sum_b a_b h_b(z)`` with ``h_b(z) = prod_i h_{b_i}(z_i)``.
    Texts with functions, such as ``"sign(z1*z2)"``, are for :func:`diagnose` and :func:`run_sgd` alone.

    Parameters
    ----------
    text:
        The target, for example ``"h1(z1) + 0.8*h1(z1)*h2(z2)"``.
    variables:
        The number r of variables; by default the highest index that occurs.

    Raises
    ------
    ValueError
        With the column of the mistake: an unknown name or sign, a variable out of range, a degree above 299.

    Examples
    --------
    >>> target = parse("h1(z1) + z1*z2^2")
    >>> print(target)
    2*h1(z1) + 1.41421356237*h1(z1)*h2(z2)
    >>> target.information_exponent, target.norm_squared
    (1, 6.0)
    """
    from learnability.hermite import target_language

    return target_language.parse(text, variables)


def diagnose(
    target: Target | FunctionTarget | Callable[[Any], Any],
    activation: Literal["smooth", "quadratic", "odd"] = "smooth",
    *,
    inputs: Literal["gaussian", "cube"] = "gaussian",
    label_noise: float = 0.0,
    links: Mapping[str, Link | Callable[[Any], Any] | str | PathLike[str]] | None = None,
) -> Diagnosis:
    """Exponents, leaps, symmetries, thresholds and traps of a target, each with how it is known.

    *Correlational leaps.* With U the directions known so far, the next leap is the lowest degree that the target has in
    directions orthogonal to U; those that the part of this degree reaches join U (Abbe, Boix-Adsera, Misiakiewicz 2023,
    arXiv 2302.11055; Bietti, Bruna, Pillaud-Vivien 2023, arXiv 2310.19793).

    *Generative leaps.* The same for every transform of the label at once: the next leap is the least k with
    ``E[He_k(z_perp) | y, z_U]`` not identically zero (Damian, Pillaud-Vivien, Lee, Bruna 2024, arXiv 2403.05529;
    Damian, Lee, Bruna 2025, arXiv 2506.05500).

    *Reflective subspace.* S is reflective when ``E[z_S h(z) sigma'(u + v.z_perp)] = 0`` for all u and v: mean-field
    gradient flow that starts with ``w_S = 0`` keeps it (Chen, Ge 2024, arXiv 2402.08948). The largest one, S*, is the
    complement of the smallest subspace that the gradients of the homogeneous parts of ``E h(z + v)`` map into itself.

    The guide *Exponents, leaps and traps* explains every entry with its formula.

    Parameters
    ----------
    target:
        Text, an expansion in r variables, a function target, or a function of one variable, which maps an array to one
        of the same shape and is called ``g``.
    activation:
        ``"smooth"`` (generic), ``"quadratic"`` (polynomial of degree two) or ``"odd"`` (odd, without a bias).
    inputs:
        ``"gaussian"``, or ``"cube"`` for bits ``x1, x2, ...`` that are uniform on {-1, 1}.
    label_noise:
        The standard deviation of Gaussian noise on the label. It changes no exponent.
    links:
        Functions of one variable that a text applies, by name: each a :class:`learnability.Link`, a function of an
        array, or the path of a file of two columns.

    Raises
    ------
    ValueError
        For a target that cannot be parsed, that is constant or has no second moment, a link that is none, or an unknown
        option.

    Examples
    --------
    >>> diagnosis = diagnose("h1(z1) + h1(z1)*h2(z2)")
    >>> diagnosis.information_exponent, diagnosis.leaps, diagnosis.is_trapped
    (1, (1, 2), True)
    >>> diagnosis.reflective_subspace.shape
    (2, 1)
    >>> diagnose("z1*z2*z3").correlational.pairs, diagnose("z1*z2*z3").generative.pairs
    (((3, 3),), ((2, 3),))
    >>> diagnose("z1*z2*z3").generative.exactness
    'exact'
    """
    from learnability.diagnosis.diagnose import diagnose as find

    named = {name: _link(name, given) for name, given in (links or {}).items()}
    return find(
        target if isinstance(target, str) and not named else _target(target, named), activation, inputs, label_noise
    )


def solve_flow(
    target: Target,
    dimension: int | Sequence[int],
    link: Literal["joint", "planted"] = "joint",
    *,
    seeds: int = 32,
    root_seed: int = 0,
    times: Sequence[float] | None = None,
    end_time: float = math.inf,
    relative_tolerance: float = 1e-6,
    max_steps: int = 20_000,
) -> xr.Dataset:
    """Gradient flow of a multi-index model from random starts on the Stiefel manifold, exact at any dimension.

    Target ``F(x) = f(W*^T x)`` with f centred; the flow moves W on the Stiefel manifold and closes on the r x r
    correlations ``M = W*^T W``, so that the dimension d enters through the start alone. With the joint link the best
    link is refitted at every moment, ``dM/dt = (I - G) S(G) M`` with ``G = M M^T``; with the planted link f itself is
    known, ``dM/dt = R - M sym(M^T R)`` with ``R = dP/dM`` (Bietti, Bruna, Pillaud-Vivien 2023, arXiv 2310.19793).
    All dimensions share their random numbers. The unit of time is that of the flow of the loss with its factor 1/2.

    Parameters
    ----------
    target:
        Text or an expansion in r variables; its mean is dropped.
    dimension:
        One or several dimensions d of the input, each larger than 2 r.
    link:
        ``"joint"`` or ``"planted"``.
    seeds:
        The number of random starts.
    root_seed:
        The seed that all random numbers derive from.
    times:
        Rising times at which cosines and loss are saved; by default only the end is.
    end_time:
        The flow time at which a run stops at the latest.
    relative_tolerance:
        The relative tolerance of the stiff solver.
    max_steps:
        The most steps of a run.

    Returns
    -------
    xarray.Dataset
        Over (dimension, angle, seed): ``escape_time``, when the cosine of a principal angle first exceeds
        ``sqrt(1/2)`` (NaN when it never does), and ``cosine`` at the end, largest first. Over (dimension, seed):
        ``loss`` as a fraction of that of the zero predictor, ``end_time``, ``steps`` and ``status``
        (its attributes ``flag_values`` and ``flag_meanings`` name the codes; 16 is ``trapped``). With ``times`` also
        ``cosine_path`` (dimension, angle, time, seed) and ``loss_path`` (dimension, time, seed); NaN after a run that
        ended without converging.

    Raises
    ------
    ValueError
        For a target that is constant or no polynomial, a dimension that is too small, a size, a tolerance or an end
        that is not positive, times that are not finite or do not rise, an unknown link.

    Examples
    --------
    The escape time of ``h2`` grows like d with the joint link:

    >>> flow = solve_flow("h2(z1)", dimension=[100, 10000], seeds=64)
    >>> first, second = flow["escape_time"].median("seed").values[:, 0]
    >>> bool(30 < second / first < 300)
    True
    >>> float(flow["loss"].max()) < 1e-5
    True
    """
    import numpy as np

    from learnability.flows.closed import solve_closed
    from learnability.flows.multi_index import haar_correlations

    if link not in ("joint", "planted"):
        raise ValueError(f"link is {link!r}; it must be 'joint' or 'planted'")
    expansion = _expansion(target).centred()
    if not expansion.coefficients:
        raise ValueError("the target is constant: there is nothing to learn")
    saved = tuple(float(time) for time in times) if times is not None else ()
    if not all(map(math.isfinite, saved)):
        raise ValueError("times must be finite")
    if any(b <= a for a, b in itertools.pairwise(saved)) or (saved and saved[0] < 0):
        raise ValueError("times must not be negative, and must rise")
    dimensions = _dimensions(dimension)
    _positive("relative_tolerance", relative_tolerance)
    _positive("end_time", end_time, or_infinite=True)
    _at_least_one("max_steps", max_steps)
    seeds = _at_least_one("seeds", seeds)
    r = expansion.variables
    starts = haar_correlations(dimensions, r, seeds, np.random.default_rng(root_seed))
    flow = solve_closed(
        expansion,
        link,
        starts,
        dimensions,
        relative_tolerance=relative_tolerance,
        end_time=end_time,
        max_steps=max_steps,
        save_times=saved,
    )
    return _flow_dataset(flow, dimensions, r, seeds, saved)


def _flow_dataset(
    flow: FlowState, dimensions: tuple[int, ...], r: int, seeds: int, times: tuple[float, ...]
) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    from learnability.flows.multi_index import TRAPPED
    from learnability.results.labelled import variable
    from learnability.results.status import status_attributes

    grid, over, angular = (len(dimensions), seeds), ("dimension", "seed"), ("dimension", "angle", "seed")
    final = flow.final_observed.numpy()
    escape = flow.crossing_time[:r].numpy().reshape(r, *grid).swapaxes(0, 1)
    cosine = final[:r].reshape(r, *grid).swapaxes(0, 1)
    said = "time at which the cosine first exceeds sqrt(1/2); NaN when it never does"
    dataset = xr.Dataset(
        {
            "escape_time": variable(angular, escape, said, "flow time"),
            "cosine": variable(angular, cosine, "cosine of the principal angle at the end"),
            "loss": variable(over, final[r].reshape(grid), "loss at the end, in units of that of the zero predictor"),
            "end_time": variable(
                over, flow.final_time.numpy().reshape(grid), "time at which the run ended", "flow time"
            ),
            "steps": variable(over, flow.steps.numpy().reshape(grid), "attempted steps"),
            "status": (over, flow.status.numpy().reshape(grid), status_attributes({"trapped": TRAPPED})),
        },
        {"dimension": list(dimensions), "angle": np.arange(r), "seed": np.arange(seeds)},
    )
    if not times:
        return dataset
    path = flow.saved.numpy().reshape(len(times), r + 1, *grid)
    return dataset.assign_coords(time=variable("time", np.array(times), "time", "flow time")).assign(
        cosine_path=variable(
            ("dimension", "angle", "time", "seed"), path[:, :r].transpose(2, 1, 0, 3), "cosine of the principal angle"
        ),
        loss_path=variable(
            ("dimension", "time", "seed"), path[:, r].swapaxes(0, 1), "loss, in units of that of the zero predictor"
        ),
    )


def run_sgd(
    target: Target | FunctionTarget | Callable[[Any], Any],
    dimension: int,
    *,
    steps: int,
    step_size: float = 0.1,
    batch_size: int = 256,
    width: int = 32,
    activation: Literal["relu", "tanh"] | Sequence[float] = "relu",
    loss: Literal["correlation", "squared"] = "correlation",
    engine: Literal["auto", "overlap", "full"] = "auto",
    label_noise: float = 0.0,
    second_layer_rate: float = 0.0,
    saved: int = 50,
    seeds: int = 8,
    root_seed: int = 0,
) -> xr.Dataset:
    """Online spherical SGD of a two-layer network on a target, with the dimension or without.

    The network is ``f(x) = (1/J) sum_j a_j sigma(<w_j, x>)`` with unit weights ``w_j`` that start uniform on the
    sphere and ``a_j = +1, -1`` in turn. Every step draws a fresh batch ``x ~ N(0, I_d)`` with labels
    ``h(<v_1, x>, ..., <v_r, x>) + noise``. With the correlation loss ``-y f`` neurons do not interact; the squared loss
    is ``(y - f)^2 / 2``. Step sizes are per neuron: ``time = step_size x steps`` is the mean-field time.

    The *overlap* engine follows the inner products of weights and directions, a Markov chain whose law is exact for
    every finite d and whose cost does not depend on d; the *full* engine carries the weights themselves. Both give the
    same law, not the same numbers.

    Parameters
    ----------
    target:
        Text, an expansion in r variables, a function target, or a function of one variable, as for :func:`diagnose`.
    dimension:
        The dimension d of the input, at least r; the overlap engine needs ``d >= r + width``.
    steps:
        The number of steps.
    step_size:
        The step size of a neuron.
    batch_size:
        The number of fresh samples a step.
    width:
        The number J of neurons.
    activation:
        ``"relu"``, ``"tanh"``, or the Hermite coefficients ``(c_0, c_1, ...)`` of ``sigma = sum_k c_k h_k``.
    loss:
        ``"correlation"`` or ``"squared"``.
    engine:
        ``"overlap"`` (without the dimension), ``"full"``, or ``"auto"``: the overlap engine where d allows it.
    label_noise:
        The standard deviation of the noise of a label.
    second_layer_rate:
        The factor of the step size for the second layer; 0 keeps it fixed.
    saved:
        About how many steps are saved, on a logarithmic grid, with step 0.
    seeds:
        The number of independent repetitions.
    root_seed:
        The seed that all random numbers derive from.

    Returns
    -------
    xarray.Dataset
        ``alignment`` (step, seed, neuron, variable), the cosine ``<w_j, v_m>``; ``second_layer`` (step, seed, neuron);
        ``status`` (seed), see its attributes; the coordinate ``time`` (step). A run that diverges is NaN from then on.

    Raises
    ------
    ValueError
        For a target that cannot be parsed, a size or a step size that is not positive, noise or a rate that is
        negative, a dimension that is too small for the engine, an unknown activation, loss or engine.

    Examples
    --------
    >>> run = run_sgd("h1(z1)", dimension=1000, steps=300, step_size=0.5, width=8, seeds=2)
    >>> run.attrs["engine"]
    'overlap'
    >>> float(abs(run["alignment"].isel(step=0)).max()) < 0.2 < float(abs(run["alignment"].isel(step=-1)).min())
    True
    """
    import numpy as np
    import torch

    from learnability.hermite.basis import evaluate
    from learnability.sgd.full import full_engine, network_state, random_directions
    from learnability.sgd.loop import run, saved_steps
    from learnability.sgd.overlap import overlap_engine, random_overlaps
    from learnability.sgd.problem import TwoLayerProblem
    from learnability.statistics.random import torch_generator

    sizes = {"steps": steps, "batch_size": batch_size, "width": width, "saved": saved, "seeds": seeds}
    for name, size in {**sizes, "dimension": dimension}.items():
        _at_least_one(name, size)
    _positive("step_size", step_size)
    _not_negative("label_noise", label_noise)
    _not_negative("second_layer_rate", second_layer_rate)
    if engine not in ("auto", "overlap", "full"):
        raise ValueError(f"engine is {engine!r}; it must be 'auto', 'overlap' or 'full'")
    chosen_target = _target(target)
    r = chosen_target.variables
    if dimension < r:
        raise ValueError(f"dimension is {dimension}; the target has {r} variables, so it must be at least {r}")
    chosen = ("overlap" if dimension >= r + width else "full") if engine == "auto" else engine

    def function(z: torch.Tensor) -> torch.Tensor:
        if isinstance(chosen_target, HermiteExpansion):
            return torch.as_tensor(evaluate(chosen_target, z))
        return torch.as_tensor(chosen_target(z), dtype=z.dtype)

    problem = TwoLayerProblem(
        label=function,
        activation=_activation(activation),
        loss=loss,
        label_noise=label_noise,
        second_layer_rate=second_layer_rate,
    )
    init, data = (
        torch_generator(np.random.default_rng([root_seed, stream]), torch.device("cpu")) for stream in range(2)
    )
    signs = torch.ones(width, dtype=torch.float64)
    signs[1::2] = -1
    state: Any
    if chosen == "overlap":
        made = overlap_engine(problem, torch.eye(r, dtype=torch.float64), batch_size, dimension)
        state = random_overlaps(seeds, signs, torch.zeros_like(signs), r, dimension, init)
    else:
        made = full_engine(problem, torch.eye(dimension, dtype=torch.float64)[:r], batch_size)
        weights = random_directions((seeds, width, dimension), init, torch.float64)
        state = network_state(weights, signs, torch.zeros_like(signs))
    trajectory = run(
        made, state, saved_steps(steps, saved, block=made.block), lambda numbers: np.full(len(numbers), step_size), data
    )
    return _sgd_dataset(chosen, trajectory, step_size, str(chosen_target), dimension)


def _sgd_dataset(engine: str, trajectory: Any, step_size: float, target: str, dimension: int) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    from learnability.results.labelled import variable
    from learnability.results.status import status_attributes

    observed = trajectory.observed
    _, seeds, width, r = observed["alignment"].shape
    return xr.Dataset(
        {
            "alignment": variable(
                ("step", "seed", "neuron", "variable"), observed["alignment"], "cosine of neuron and hidden direction"
            ),
            "second_layer": variable(
                ("step", "seed", "neuron"), observed["second_layer"], "weight of the second layer"
            ),
            "status": ("seed", trajectory.status, status_attributes()),
        },
        {
            "step": variable("step", trajectory.steps, "steps taken"),
            "time": variable("step", trajectory.steps * step_size, "step size x steps", "mean-field time"),
            "seed": np.arange(seeds),
            "neuron": np.arange(width),
            "variable": np.arange(1, r + 1),
        },
        {"engine": engine, "target": target, "dimension": dimension, "step_size": step_size},
    )


def open_results(path: str | Path, check_seal: bool = True) -> xr.Dataset:
    """Open a result of the pipeline lazily, after it is known to be what the pipeline put there.

    Parameters
    ----------
    path:
        An artifact (``.../analysis.zarr.zip``, a target or a training artifact), or the folder of an experiment, of
        which the analysis is opened: ``results/laptop/multi_index/escape_joint``. An address works in the same way:
        ``s3://bucket/results/laptop/multi_index/escape_joint``, ``https://...`` (extra ``s3``).
    check_seal:
        Whether the file's digest, its place and the manifest's record of it are compared first, once a process as long
        as the file stays as it is: it costs one reading of the file. Without it, damaged bytes may read as other
        numbers. From an address, the file is fetched whole to be checked; without the check, only what is used is.

    Returns
    -------
    xarray.Dataset
        Variables with units and long names, theory beside measurement; values are read when they are used. Its
        attributes say which study, setting, seeds and code it comes from.

    Raises
    ------
    UserError
        When there is no such result, for a file of another kind, when its bytes are not what was written, or when it
        belongs to another place.

    Examples
    --------
    >>> import tempfile, pathlib, xarray
    >>> from learnability.results.store import write
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write(xarray.Dataset({"loss": ("time", [1.0, 0.5])}), folder / "analysis.zarr.zip")
    >>> float(open_results(folder)["loss"][-1])
    0.5
    """
    import zipfile
    from pathlib import Path

    from learnability.results.manifest import demand_own
    from learnability.results.remote import is_address, open_remote
    from learnability.results.store import open_artifact

    if is_address(path):
        return open_remote(str(path), check_seal)
    found = Path(path)
    if found.is_dir():
        found = found / "analysis.zarr.zip"
    allowed = "an artifact (*.zarr.zip), or the folder of an experiment: results/<scale>/<study>/<experiment>"
    if not found.is_file():
        raise UserError(str(found), "there is no such result", allowed, f"run {make_figures(found)}, or name another")
    if not zipfile.is_zipfile(found) and not found.name.endswith(".zarr.zip"):
        raise UserError(str(found), "is not an artifact", allowed, "name another")
    if check_seal:
        demand_own(found)
    return open_artifact(found)


def _target(
    target: Target | FunctionTarget | Callable[[Any], Any], links: Mapping[str, Link] | None = None
) -> HermiteExpansion | FunctionTarget:
    """What a target stands for; a function of one variable is the link ``g``. Raises ValueError."""
    from learnability.hermite.function_target import FunctionTarget
    from learnability.hermite.target_language import parse_target

    if isinstance(target, str):
        return parse_target(target, links=links)
    if isinstance(target, HermiteExpansion | FunctionTarget):
        return target
    try:
        return parse_target("g(z1)", links={"g": _link("g", target)})
    except ValueError as error:
        more = "a function of several variables is given as FunctionTarget.from_callable(function, variables)"
        raise ValueError(f"{error}; {more}") from None


def _link(name: str, given: object) -> Link:
    from learnability.hermite.function_target import Link

    if isinstance(given, Link):
        return given
    try:
        return Link.from_callable(given) if callable(given) else Link.from_table(given)  # type: ignore[arg-type]
    except TypeError as error:
        allowed = "a Link, a function of one array, or the path of a file of two columns"
        raise ValueError(f"the link {name} is {given!r} ({error}); it must be {allowed}") from None
    except ValueError as error:
        raise ValueError(f"the link {name}: {error}") from None


def _expansion(target: Target) -> HermiteExpansion:
    """The polynomial that a target is. Raises ValueError for one that is none."""
    found = _target(target)
    if not isinstance(found, HermiteExpansion):
        raise ValueError(
            f"solve_flow takes polynomials, and {str(found)!r} is none: ask(), diagnose() and run_sgd() take functions"
        )
    return found


def _at_least_one(name: str, size: Any) -> int:
    if not isinstance(size, numbers.Integral):
        raise ValueError(f"{name} is {size}; it must be a whole number")
    if size < 1:
        raise ValueError(f"{name} is {size}; it must be at least 1")
    return int(size)


def _dimensions(given: Any) -> tuple[int, ...]:
    """One dimension or several, of any kind of whole number."""
    found = (given,) if isinstance(given, numbers.Real) else tuple(given)
    if not found:
        raise ValueError("dimension is empty; it must be one whole number or several")
    return tuple(_at_least_one("dimension", one) for one in found)


def _positive(name: str, value: float, or_infinite: bool = False) -> None:
    if not value > 0 or (math.isinf(value) and not or_infinite):
        raise ValueError(f"{name} is {value}; it must be positive{'' if or_infinite else ' and finite'}")


def _not_negative(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value}; it must be finite and not negative")


def _activation(named: str | Sequence[float]) -> Activation:
    from learnability.hermite.activations import RELU, TANH, hermite_series

    if not isinstance(named, str):
        return hermite_series(named)
    known = {"relu": RELU, "tanh": TANH}
    if named not in known:
        raise ValueError(f"activation is {named!r}; it must be one of {', '.join(known)}, or Hermite coefficients")
    return known[named]
