"""The public API: cheap to import, documented by examples that run, and right where a closed form is known."""

import doctest
import inspect
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import learnability
from learnability import api

HEAVY = ("numpy", "scipy", "torch", "xarray", "matplotlib", "numba", "zarr", "pydantic")


def test_import_costs_almost_nothing() -> None:
    """In CPU time, which a busy machine does not stretch."""
    code = (
        "import sys, time; start = time.process_time(); import learnability, learnability.api; "
        f"print(time.process_time() - start, [m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = done.stdout.strip().split(maxsplit=1)
    assert heavy == "[]"
    assert float(seconds) < 0.3


def test_public_names_are_those_that_are_documented() -> None:
    assert dir(learnability) == sorted([*learnability.__all__, "__version__"])
    for name in learnability.__all__:
        assert inspect.getdoc(getattr(learnability, name)), name
    for name in ("parse", "diagnose", "solve_flow", "run_sgd", "open_results"):
        text = inspect.getdoc(getattr(learnability, name)) or ""
        assert ">>>" in text, f"{name} has no example"
        assert "Raises" in text, f"{name} does not say what it raises"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        learnability.nothing  # noqa: B018


def test_examples_run() -> None:
    result = doctest.testmod(api)
    assert result.attempted > 10
    assert result.failed == 0


def test_a_diagnosis_explains_what_trapped_means() -> None:
    text = " ".join(str(api.diagnose("h2(z1) + h3(z2) + 0.5*h1(z1)*h2(z2)")).split())
    assert "starts with no weight on it never learns it" in text
    assert "1.125 of 1.125" in text
    shown = api.diagnose("h1(z1)")._repr_html_()
    assert shown.startswith("<table><thead>")
    assert "none (smooth activation)" in shown


def test_planted_flow_of_one_direction_is_the_closed_form() -> None:
    """``dm/dt = 2 m (1 - m^2)`` for h2: the time from m0 to sqrt(1/2) is ``log((1 - m0^2) / m0^2) / 4``."""
    flow = api.solve_flow("h2(z1)", [50, 5000], "planted", seeds=16, relative_tolerance=1e-9, times=[0.0])
    start = flow["cosine_path"].isel(angle=0, time=0).values
    expected = np.log((1 - start**2) / start**2) / 4
    np.testing.assert_allclose(flow["escape_time"].isel(angle=0).values, expected, rtol=1e-6)


def test_the_engines_of_sgd_agree_in_law() -> None:
    """Mean alignment of 64 x 8 neurons: the difference within four standard errors (false alarm 1e-4)."""
    signed = []
    for engine in ("overlap", "full"):
        run = api.run_sgd("h1(z1)", 40, steps=60, step_size=0.5, width=8, seeds=64, engine=engine).isel(step=-1)
        signed.append((run["alignment"].isel(variable=0) * run["second_layer"]).mean("neuron"))
    error = np.sqrt(sum(float(values.var(ddof=1)) / 64 for values in signed))
    assert abs(float(signed[0].mean() - signed[1].mean())) < 4 * error
    assert float(signed[0].mean()) > 0.3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: api.parse("h1(z1) +"), "column"),
        (lambda: api.diagnose("h1(z1)", "cubic"), "must be one of smooth"),  # type: ignore[arg-type]
        (
            lambda: api.diagnose(lambda z: z[..., 0] * z[..., 1]),
            r"as FunctionTarget.from_callable\(function, variables",
        ),
        (lambda: api.diagnose("g(z1)", links={"g": lambda z: np.full_like(z, np.inf)}), "the link g: .*finite"),
        (lambda: api.diagnose("g(z1)", links={"g": 3}), "it must be a Link, a function of one array"),  # type: ignore[dict-item]
        (
            lambda: learnability.FunctionTarget.from_callable(lambda z: z[:, 0] * z[:, 1], 2),
            r"\(\.\.\.\).*z\[\.\.\., 0\] for z1",
        ),
        (lambda: learnability.FunctionTarget.from_callable(lambda z: z[..., 2], 2), "IndexError"),
        (lambda: api.solve_flow("tanh(z1)", 100), "takes polynomials, and 'tanh.z1.' is none: ask"),
        (lambda: api.solve_flow(np.tanh, 100), "takes polynomials"),  # type: ignore[arg-type]
        (lambda: api.solve_flow("3", 10), "nothing to learn"),
        (lambda: api.solve_flow("h2(z1)", 10, "other"), "'joint' or 'planted'"),  # type: ignore[arg-type]
        (lambda: api.solve_flow("h2(z1)", 10, times=[2.0, 1.0]), "must rise"),
        (lambda: api.solve_flow("h2(z1)", 10, seeds=0), "at least 1"),
        (lambda: api.solve_flow("h2(z1)", 10, seeds=2.5), "seeds is 2.5; it must be a whole number"),  # type: ignore[arg-type]
        (lambda: api.solve_flow("h2(z1)", 10, max_steps=0), "max_steps is 0; it must be at least 1"),
        (lambda: api.solve_flow("h2(z1)", []), "dimension is empty"),
        (lambda: api.solve_flow("h2(z1)", [10, 20.5]), "dimension is 20.5; it must be a whole number"),  # type: ignore[list-item]
        (lambda: api.solve_flow("h2(z1)", 10, relative_tolerance=-1), "relative_tolerance is -1; it must be positive"),
        (lambda: api.solve_flow("h2(z1)", 10, relative_tolerance=0), "relative_tolerance is 0; it must be positive"),
        (lambda: api.solve_flow("h2(z1)", 10, relative_tolerance=np.nan), "it must be positive and finite"),
        (lambda: api.solve_flow("h2(z1)", 10, end_time=np.nan), "end_time is nan; it must be positive"),
        (lambda: api.solve_flow("h2(z1)", 10, end_time=0), "end_time is 0; it must be positive"),
        (lambda: api.solve_flow("h2(z1)", 10, times=[np.nan]), "times must be finite"),
        (lambda: api.solve_flow("h2(z1)", 10, times=[0.0, np.inf]), "times must be finite"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=0), "at least 1"),
        (lambda: api.run_sgd("h1(z1)", 10.5, steps=1), "dimension is 10.5; it must be a whole number"),  # type: ignore[arg-type]
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, step_size=np.nan), "step_size is nan; it must be positive"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, step_size=-0.1), "step_size is -0.1; it must be positive"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, label_noise=-1), "label_noise is -1; it must be finite and not"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, second_layer_rate=np.inf), "second_layer_rate is inf; it must"),
        (lambda: api.run_sgd("h1(z1)*h1(z2)", 1, steps=1), "at least 2"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, engine="overlap"), "use the full"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, activation="step"), "relu, tanh"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_say_what_is_allowed(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_functions_of_one_variable_are_targets_and_links() -> None:
    found = api.diagnose(np.tanh)
    assert (found.text, found.information_exponent) == ("g(z1)", 1)
    links = {"g": np.tanh}
    assert str(api.diagnose("g(z1)", links=links)) == str(found) == str(api.diagnose("g(z1)", links=_links(links)))
    run = {"dimension": 50, "steps": 3, "width": 4, "seeds": 2}
    assert api.run_sgd(np.tanh, **run).equals(api.run_sgd(api._target("g(z1)", _links(links)), **run))


def _links(given: Mapping[str, Callable[[Any], Any]]) -> dict[str, learnability.Link]:
    return {name: learnability.Link.from_callable(function) for name, function in given.items()}


def test_sizes_are_whole_numbers_of_any_kind() -> None:
    flow = api.solve_flow("h2(z1)", np.int64(100), seeds=np.int32(2), times=np.array([0.0, 1.0]))  # type: ignore[arg-type]
    assert flow["dimension"].values.tolist() == [100]
    assert flow.equals(api.solve_flow("h2(z1)", np.array([100]), seeds=2, times=[0, 1]))  # type: ignore[arg-type]


def test_results_that_are_not_there_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(learnability.UserError, match="there is no such result"):
        api.open_results(tmp_path)
    (tmp_path / "README.md").write_text("# learnability\n" * 20)
    with pytest.raises(learnability.UserError, match="is not an artifact"):
        api.open_results(tmp_path / "README.md")
    (tmp_path / "analysis.zarr.zip").write_bytes(b"x" * 200)
    with pytest.raises(learnability.UserError, match="damaged"):
        api.open_results(tmp_path)
