"""The study end to end on tiny sizes: targets, runs, analyses, claims, figures."""

import pkgutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import Claim, NotAtThisScale, judge
from learnability.results.labelled import names
from learnability.results.store import concatenate, read, write
from learnability.results.style import house_style
from learnability.studies.subspace_polynomials.taylor.activations import DESCRIPTIONS
from tests.doubles import Context, Interrupted, MemoryCheckpoint
from tests.studies.subspace_polynomials.tiny import (
    CONFIG,
    EXPERIMENTS,
    KINDS,
    STUDY,
    analyse,
    module,
    settings_of,
    train,
)

CLAIMS: dict[str, Claim] = {claim.id: claim for kind in KINDS for claim in module(kind, "claims").CLAIMS}


#: The first stage with its output kept belongs to the larger scales.
LARGER_SCALES = {f"averaging{suffix}.output" for suffix in ("", ".p3", ".one-copy", ".one-copy-p3")}
LARGER_SCALES |= {"dimension-free.rate"}  # two dimensions have a slope, and no interval


def test_every_variable_says_what_it_is(analyses: dict[str, xr.Dataset]) -> None:
    for dataset in analyses.values():
        for variable in dataset.variables.values():
            assert variable.attrs["long_name"]
            assert variable.dtype.kind in "iufbT"
            assert variable.dtype.kind == "T" or variable.attrs["units"]
            assert variable.dims[-1:] != ("bound",) or variable.dtype.kind == "T" or variable.attrs["interval"]


def test_analyses_survive_the_store(analyses: dict[str, xr.Dataset], tmp_path: Path) -> None:
    for name, dataset in analyses.items():
        write(dataset, tmp_path / f"{name}.zarr.zip")
        xr.testing.assert_identical(read(tmp_path / f"{name}.zarr.zip"), dataset)


def test_every_claim_can_be_measured_and_judged(analyses: dict[str, xr.Dataset]) -> None:
    assert len(CLAIMS) == sum(len(module(kind, "claims").CLAIMS) for kind in KINDS)
    assert [claim.id for claim in CLAIMS.values() if claim.measure is None] == ["averaging.cost"]
    for claim in CLAIMS.values():
        if claim.measure is None:
            continue
        assert claim.rule is not None
        try:
            judge(claim.rule, claim.measure(analyses), claim.seeds_needed)
        except NotAtThisScale:
            assert claim.id in LARGER_SCALES
        assert claim.figure is None or claim.figure in CONFIG["figures"]


def test_a_claim_stands_with_the_kind_of_its_first_experiment() -> None:
    for kind in KINDS:
        measured = [claim for claim in module(kind, "claims").CLAIMS if claim.experiments]
        assert all(EXPERIMENTS[claim.experiments[0]]["kind"] == kind for claim in measured)


@pytest.mark.parametrize(
    "claim",
    [
        "reflective-table",
        "reflective-table.planted",
        "not-coordinates",
        "not-coordinates.learnable-again",
        "trapping-exact",
        "trapping-exact.floor",
        "trapping-relu",
        "trapping-relu.floor",
        "trapping-relu.hidden",
        "trapping-relu.hidden-flow",
        "averaging",
        "averaging.p3",
        "averaging.one-copy",
        "averaging.one-copy-p3",
        "averaging.targets",
        "averaging-removable",
        "averaging-removable.simplified",
        "lambda-scaling",
        "lambda-scaling.p3",
        "lambda-scaling.one-copy",
        "lambda-scaling.one-copy.p3",
        "taylor-rank",
        "taylor-rank.p3",
        "taylor-rank.tanh",
        "taylor-rank.delayed",
        "taylor-rank.moved",
        "gap",
        "gap.output",
    ],
)
def test_exact_claims_hold_at_any_size(claim: str, analyses: dict[str, xr.Dataset]) -> None:
    rule, measure = CLAIMS[claim].rule, CLAIMS[claim].measure
    assert rule is not None
    assert measure is not None
    assert judge(rule, measure(analyses))[0] == "supported"


def _verdict(claim: str, analyses: dict[str, xr.Dataset]) -> str:
    found = CLAIMS[claim]
    return judge(found.rule, found.measure(analyses), found.seeds_needed)[0]  # type: ignore[arg-type, misc]


def test_a_target_with_nothing_reflective_is_no_example_off_the_coordinates(analyses: dict[str, xr.Dataset]) -> None:
    """No coordinate subspace is reflective there either; what the statement is about is S* and where it lies."""
    table = analyses["reflective_table"]
    free = table.assign(trapped_dimension=table["trapped_dimension"] * 0)
    assert _verdict("not-coordinates", {"reflective_table": free}) == "contradicted"
    turned = table["trapped_projector"].copy(deep=True)
    turned.values[..., [0, 2], :] = turned.values[..., [2, 0], :]
    turned.values[..., :, [0, 2]] = turned.values[..., :, [2, 0]]
    elsewhere = table.assign(trapped_projector=turned)
    assert _verdict("not-coordinates", {"reflective_table": elsewhere}) == "contradicted"
    seen = table.assign(coordinate_defect=table["coordinate_defect"] * 0)
    assert _verdict("not-coordinates", {"reflective_table": seen}) == "contradicted"


def test_ranks_in_floating_point_are_no_certificate(analyses: dict[str, xr.Dataset]) -> None:
    table = analyses["taylor"]
    assert (table["exact"] == 1).all()
    loose = table.assign(exact=table["exact"] * (table["activation"] != DESCRIPTIONS["logistic"]))
    for claim in ("taylor-rank", "taylor-rank.p3"):
        assert _verdict(claim, {"taylor": table}) == "supported"
        assert _verdict(claim, {"taylor": loose}) == "inconclusive"
    assert _verdict("taylor-rank.delayed", {"taylor": loose}) == "supported"


def test_the_taylor_condition_is_said_of_target_and_activation(analyses: dict[str, xr.Dataset]) -> None:
    for claim in ("taylor-rank.delayed", "gap", "gap.output"):
        assert "sin(x + pi/4)" in CLAIMS[claim].statement
        note = CLAIMS[claim].measure(analyses).note  # type: ignore[misc]
        assert "order 3 with 1/(1 + 2 exp(-x)), order 3 with exp(x)" in note


def test_an_unproved_rank_counts_and_is_named(analyses: dict[str, xr.Dataset]) -> None:
    table = analyses["taylor"]
    kept = table["one_copy_kept"].copy(deep=True)
    kept[0] = -1
    found = CLAIMS["averaging-removable"].measure({"taylor": table.assign(one_copy_kept=kept)})  # type: ignore[misc]
    assert found.estimate == 1
    assert "ranks not proved, 20 of 20" in found.note


@pytest.mark.parametrize(("claim", "copies"), [("averaging.cost-at-loss", 2), ("averaging.cost-at-loss.p3", 3)])
def test_a_cost_that_is_p_times_as_large_at_one_loss_contradicts(
    claim: str, copies: int, analyses: dict[str, xr.Dataset]
) -> None:
    table = analyses["two_stage"]
    assert _verdict(claim, {"two_stage": table}) == "supported"
    times = table["time_to"].transpose("copies", "case", "fraction").copy(deep=True)
    times[1, :, 2] = copies * times[0, :, 2]
    assert _verdict(claim, {"two_stage": table.assign(time_to=times)}) == "contradicted"


@pytest.mark.parametrize("claim", ["not-coordinates", "escape-time.leap2", "averaging", "gap"])
def test_a_claim_on_a_target_that_is_left_out_is_not_at_this_scale(claim: str, analyses: dict[str, xr.Dataset]) -> None:
    others = {}
    for name, dataset in analyses.items():
        dim, coordinate = ("case", "polynomial") if name == "two_stage" else ("target", "target")
        if coordinate not in dataset.coords:
            continue
        others[name] = dataset.assign_coords(
            {coordinate: names(dim, [f"z{i + 1}" for i in range(dataset.sizes[dim])], "another polynomial")}
        )
    measure = CLAIMS[claim].measure
    assert measure is not None
    with pytest.raises(NotAtThisScale):
        measure(others)


def test_every_figure_is_drawn_and_stands_in_the_config(analyses: dict[str, xr.Dataset]) -> None:
    package = import_module(f"{STUDY}.figures")
    modules = {m.name: import_module(f"{STUDY}.figures.{m.name}") for m in pkgutil.iter_modules(package.__path__)}
    figures = {name: found for name, found in modules.items() if hasattr(found, "draw")}
    assert set(figures) == set(CONFIG["figures"])
    for found in figures.values():
        with house_style():
            found.draw(analyses).draw_without_rendering()


@pytest.mark.parametrize(
    "name", ["reflective_table", "finite_dimension", "online_sgd", "two_stage", "second_stage", "taylor"]
)
def test_two_batches_make_one_run(name: str) -> None:
    kind, setting = EXPERIMENTS[name]["kind"], settings_of(name)[0]
    parts = [train(kind, setting, Context(seeds)) for seeds in (range(2), range(2, 4))]
    whole = concatenate(parts, "seed")  # raises where something without a seed differs between batches
    assert whole["seed"].values.tolist() == [0, 1, 2, 3]
    first, second = (analyse(kind, [setting], [part]) for part in parts)
    both = analyse(kind, [setting], [whole])

    def together(variable: str, function: np.ufunc, **at: int) -> None:
        expected = function(first[variable].isel(at).values, second[variable].isel(at).values)
        np.testing.assert_allclose(both[variable].isel(at).values, expected, rtol=1e-12)

    match kind:
        case "diagnosis":
            together("residual", np.fmax)
            together("residual_larger", np.fmin)
            together("search_at", np.fmin)
            together("planted_count", np.add)
        case "flow":
            assert both.attrs["seeds"] == 4
            np.testing.assert_allclose(
                both["limit_distance"].isel(bound=0).values ** 2,
                (first["limit_distance"] * second["limit_distance"]).isel(bound=0).values,
            )
            together("largest_rise", np.maximum)
            np.testing.assert_array_equal(
                both["escape_times"].values, np.concatenate([first["escape_times"], second["escape_times"]])
            )
        case "online_sgd":
            assert both.attrs["seeds"] == 4
            together("worst_gap", np.maximum)
            together("failed_runs", np.add)
        case "second_stage":
            assert both.attrs["seeds"] == 4
            np.testing.assert_allclose(
                both["final_loss"].values[..., 0] ** 2, (first["final_loss"] * second["final_loss"]).values[..., 0]
            )
        case "two_stage" | "taylor":
            xr.testing.assert_identical(both, first)


def test_the_same_streams_give_the_same_bytes() -> None:
    setting = settings_of("finite_dimension")[0]
    first, second = (train("flow", setting, Context(2)) for _ in range(2))
    for name in first:
        assert first[name].values.tobytes() == second[name].values.tobytes()


@pytest.mark.parametrize("name", ["finite_dimension", "reflective_table", "online_sgd"])
def test_a_killed_job_resumes_to_the_same_bytes(name: str) -> None:
    kind, setting = EXPERIMENTS[name]["kind"], settings_of(name)[0]
    whole = train(kind, setting, Context(2))
    context = Context(2, MemoryCheckpoint(stop_after=2))
    with pytest.raises(Interrupted):
        train(kind, setting, context)
    resumed = train(kind, setting, context)
    for variable in whole:
        assert whole[variable].values.tobytes() == resumed[variable].values.tobytes()
