"""Numbers that no machine holds are refused when the config is read; those of our own configs are not."""

import time
from pathlib import Path
from typing import Any

import pytest

from learnability.pipeline.config import ExperimentBlock, load_study, plan_experiment
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[2]
STUDIES = [path.stem for path in sorted((ROOT / "config/studies").glob("*.yaml"))]


@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
@pytest.mark.parametrize("study", STUDIES)
def test_our_own_configs_are_within_the_bounds(study: str, scale: Any) -> None:
    for name, block in load_study(ROOT / "config/studies", study).experiments.items():
        assert plan_experiment("the file", study, name, block, scale).settings


def _planned(study: str, kind: str, seeds: int = 2, **settings: Any) -> None:
    content = {"kind": kind, "settings": settings, "scales": {"laptop": {"seeds": seeds, "seed_batch": seeds}}}
    plan_experiment("the file", study, "e", ExperimentBlock.model_validate(content), "laptop")


POLYNOMIAL = {"polynomials": ["z1 + z1*z2"]}
REFUSED = {
    "dimension": ("subspace_polynomials", "online_sgd", {"target": POLYNOMIAL, "dimension": 10**12}),
    "neurons": ("subspace_polynomials", "online_sgd", {"target": POLYNOMIAL, "neurons": 2 * 10**9}),
    "particles": ("subspace_polynomials", "flow", {"target": POLYNOMIAL, "particles": 10**8, "dimensions": [10**5]}),
    "end_time": ("subspace_polynomials", "online_sgd", {"target": POLYNOMIAL, "end_time": 1e300}),
    "max_steps": ("two_parameter", "ball", {"max_steps": 10**15}),
    "families": ("two_parameter", "ball", {"families": ["linear"] * 20_000}),
    "seed_batch": ("subspace_polynomials", "online_sgd", {"target": POLYNOMIAL, "neurons": 10_000}),
    "points_per_unit": (
        "gradient_hardness",
        "landscape",
        {
            "target": {"frequencies": [1.0]},
            "sample_sizes": [10],
            "points_per_unit": 50_000,
        },
    ),
}


@pytest.mark.parametrize("key", REFUSED)
def test_a_number_that_no_machine_holds_is_refused_at_once(key: str) -> None:
    study, kind, settings = REFUSED[key]
    start = time.process_time()
    with pytest.raises(UserError) as refused:
        _planned(study, kind, 10**7 if key == "seed_batch" else 2, **settings)
    assert time.process_time() - start < 2
    error = refused.value
    assert error.where == "the file"
    assert key in error.problem
    assert "experiments.e (laptop)" in error.problem
    assert error.allowed
    assert error.remedy
    assert error.render().count("\n") < 20


def test_a_bound_of_the_setting_itself_stands() -> None:
    """Flows in closed form have dimensions of 10^12, which no array holds."""
    _planned("multi_index", "escape", target={"links": ["h2(z1)"]}, flow="joint", dimensions=[100, 10**12])
    with pytest.raises(UserError, match="1000000000000"):
        _planned("multi_index", "escape", target={"links": ["h2(z1)"]}, flow="joint", dimensions=[10**13])
