"""Cuts chosen by the measure: measures that cuts at fixed places never learn, and the mean over the phases."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from learnability.pipeline.config import validate
from learnability.results.errors import UserError
from learnability.studies.two_parameter.hierarchical.points import edge_room, hierarchy_of, measure_of, targets_of
from learnability.studies.two_parameter.hierarchical.setting import Cuts, Grid, Point
from learnability.studies.two_parameter.hierarchy.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.guaranteed import kept_of_any_measure, membership
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.own_measure import OwnMeasure
from tests.doubles import Context


def _point(measure: str | OwnMeasure, rho: float, cuts: Cuts = "chosen") -> Point:
    return Point("measures", measure, 3, 3, rho, 1.0, 6.0, 0.0, cuts)  # type: ignore[arg-type]


def _learned(point: Point, count: int) -> float:
    hierarchy = hierarchy_of(point, 0.99)
    targets = targets_of(point, np.random.default_rng(40).random((count, 4)))
    outcome = gradient_flow((hierarchy,), np.zeros(count, dtype=int), targets, 1e-4, 100_000, Context(1))
    assert not outcome.unresolved().any()
    return float(outcome.learned(np.full(count, hierarchy.precision)).mean())


@pytest.mark.parametrize("rho", [0.12, 0.05])
def test_even_cuts_never_learn_a_plane_that_chosen_cuts_learn(rho: float) -> None:
    """Uniform targets on f_1 = 1/2: the middle of the box is a cut of every even splitting, whatever rho is."""
    assert _learned(_point("plane", rho, "even"), 40) == 0.0
    assert _learned(_point("plane", rho), 40) > 0.5


def test_all_atoms_are_learned() -> None:
    """125 atoms on a lattice: with small gaps the cuts miss every one of them."""
    assert _learned(_point("atoms", 0.05), 60) == 1.0


@pytest.mark.parametrize(("dimension", "depth"), [(3, 2), (3, 3), (4, 4)])
def test_the_mean_over_the_phases_is_the_same_for_every_measure(dimension: int, depth: int) -> None:
    """Fubini: what is kept depends on the gaps alone. 150 phases a measure; five standard errors (false alarm 1e-6)."""
    rho, rng, means = 0.02, np.random.default_rng(41), {}
    for name in ("uniform", "cantor", "sphere", "plane"):
        point = Point("measures", name, dimension, depth, rho, 1.0, 6.0, 0.0)  # type: ignore[arg-type]
        low, high = measure_of(point).root_box(dimension, 0.99)
        pad = (high - low) * edge_room(rho)
        wide = Hierarchy(dimension, depth, (rho,), 6.0, low - pad, high + pad)
        kept = []
        for phases in rng.random((150, depth)):
            hierarchy = replace(wide, phases=tuple(phases.tolist()))
            kept.append(membership(hierarchy, targets_of(point, rng.random((100, dimension + 1)))).inside.mean())
        means[name] = np.mean(kept), np.std(kept) / np.sqrt(len(kept))
        assert means[name][0] > kept_of_any_measure(hierarchy) - 5 * means[name][1]
    reference = means["uniform"][0]
    for value, error in means.values():
        assert abs(value - reference) < 5 * np.hypot(error, means["uniform"][1])


def test_a_map_with_phases_is_continuously_differentiable() -> None:
    """The Jacobian of Phi crosses every zone and cell without a jump: its change shrinks with the step."""
    phi = HierarchicalMap(Hierarchy(3, 2, (0.08,), phases=(0.3, 0.9)))
    v = np.linspace(-0.52, 0.52, 50_001)
    for u in (0.5 * phi.hierarchy.end, 0.9 * phi.hierarchy.end):
        points = np.stack([np.full_like(v, u), v], axis=1)
        jacobian = phi.jacobian(torch.tensor(points)).numpy()
        jump = np.abs(np.diff(jacobian, axis=0)).max()
        second = np.abs(phi.hessian(torch.tensor(points)).numpy()[:, :, 1]).max()
        assert jump < 3 * second * (v[1] - v[0])


def test_a_file_of_samples_is_a_measure(tmp_path: Path) -> None:
    rows = np.random.default_rng(42).random((150, 3))
    np.save(tmp_path / "rows.npy", rows)
    own = OwnMeasure(name="mine", samples=str(tmp_path / "rows.npy"))
    drawn = targets_of(_point(own, 0.1), np.random.default_rng(43).random((50, 4)))
    assert {tuple(row) for row in drawn.tolist()} <= {tuple(row) for row in rows.tolist()}
    np.save(tmp_path / "rows.npy", rows + 1)
    with pytest.raises(ValueError, match="has changed"):
        OwnMeasure.model_validate_json(own.model_dump_json())


def test_quantiles_are_a_measure() -> None:
    """A third of the mass of the first coordinate at 1/2 is avoided by the cuts; the others are uniform."""
    own = OwnMeasure(name="mine", quantiles=((0.0, 0.5, 0.5, 1.0), (0.0, 1.0)))
    drawn = targets_of(_point(own, 0.1), np.random.default_rng(44).random((3000, 4)))
    assert abs((drawn[:, 0] == 0.5).mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 3000)  # false alarm 6e-5
    assert hierarchy_of(_point(own, 0.1), 0.99).phases


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ({"name": "mine"}, "quantiles or samples"),
        ({"name": "mine", "quantiles": [[1.0, 0.0]]}, "ascending"),
        ({"name": "mine", "quantiles": [[1.0, 1.0]]}, "one point"),
        ({"name": "mine", "samples": "nowhere.npy"}, "cannot be read"),
        ({"name": "mine", "samples": "{folder}/words.csv"}, "rows of numbers"),
        ({"name": "mine", "samples": "{folder}/few.csv"}, "100 rows"),
        ({"name": "mine", "samples": "{folder}/missing.csv"}, "finite"),
        ({"name": "mine", "samples": "{folder}/four.csv"}, r"dimension: .4."),
        ({"name": "mine", "samples": "{folder}/rows.txt"}, "npy and .csv"),
        ({"name": "Mine", "quantiles": [[0.0, 1.0]]}, "name"),
    ],
)
def test_measures_that_are_none_are_refused_by_name(measure: dict, message: str, tmp_path: Path) -> None:
    rows = np.random.default_rng(45).random((150, 4))
    np.savetxt(tmp_path / "four.csv", rows, delimiter=",")
    np.savetxt(tmp_path / "few.csv", rows[:5, :3], delimiter=",")
    rows[3, 1] = np.nan
    np.savetxt(tmp_path / "missing.csv", rows[:, :3], delimiter=",")
    (tmp_path / "words.csv").write_text("a,b,c\n")
    (tmp_path / "rows.txt").write_text("1 2 3\n")
    content = json.loads(json.dumps({"series": "measures", "measure": [measure]}).replace("{folder}", str(tmp_path)))
    with pytest.raises(UserError, match=message):
        validate(Grid, content, "two_parameter.yaml")
