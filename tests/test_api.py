"""The public API: cheap to import, documented by examples that run, and right where a closed form is known."""

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

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
        (lambda: api.solve_flow("3", 10), "nothing to learn"),
        (lambda: api.solve_flow("h2(z1)", 10, "other"), "'joint' or 'planted'"),  # type: ignore[arg-type]
        (lambda: api.solve_flow("h2(z1)", 10, times=[2.0, 1.0]), "must rise"),
        (lambda: api.solve_flow("h2(z1)", 10, seeds=0), "at least 1"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=0), "at least 1"),
        (lambda: api.run_sgd("h1(z1)*h1(z2)", 1, steps=1), "at least 2"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, engine="overlap"), "use the full"),
        (lambda: api.run_sgd("h1(z1)", 10, steps=1, activation="step"), "relu, tanh"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_say_what_is_allowed(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_results_that_are_not_there_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(learnability.UserError, match="there is no such result"):
        api.open_results(tmp_path)
    (tmp_path / "analysis.zarr.zip").write_bytes(b"x" * 200)
    with pytest.raises(learnability.UserError, match="damaged"):
        api.open_results(tmp_path)
