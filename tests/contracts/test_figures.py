"""Every figure of the studies, drawn from results: the house style holds, and titles say what the verdicts say.

``LEARNABILITY_RESULTS=results/smoke`` chooses the results, as continuous integration does; without it nothing is drawn,
since results may be older than the code. A figure whose analyses are not there is left out.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import xarray as xr

from learnability.pipeline.config import read_yaml
from learnability.pipeline.kinds import figure_module
from learnability.pipeline.stages import finding_of
from learnability.report.wording import plain
from learnability.results.legible import make_room
from learnability.results.rows import read_rows
from learnability.results.store import read
from learnability.results.style import house_style
from tests.figures import faults

ROOT = Path(__file__).parents[2]
CHOSEN = os.environ.get("LEARNABILITY_RESULTS", "")
RESULTS = ROOT / CHOSEN if CHOSEN else None
STUDIES: list[str] = read_yaml(ROOT / "config/config.yaml")["studies"]
FIGURES = {
    (study, name): block["experiments"]
    for study in STUDIES
    for name, block in read_yaml(ROOT / f"config/studies/{study}.yaml").get("figures", {}).items()
}

# Of a title that states a number that a claim measures: the number, the claim, and the estimate as the title has it.
SAYS: tuple[tuple[str, str, str, Callable[[float], float]], ...] = (
    ("atlas/map", r"online SGD (-?[\d.]+)", "map.online_sgd", float),
    ("atlas/map", r"twice (-?[\d.]+)", "map.reused_samples", float),
    ("atlas/map", r"label (-?[\d.]+)", "map.partial_trace", float),
    ("atlas/map", r"U-statistic with any transform (-?[\d.]+)", "map.u_statistic", float),
    ("atlas/predicted_and_measured", r"online SGD ([\d.]+)", "offset.online_sgd", float),
    ("atlas/predicted_and_measured", r"twice ([\d.]+)", "offset.reused_samples", float),
    ("atlas/predicted_and_measured", r"kernel ridge ([\d.]+)", "offset.kernel_ridge", float),
    ("gradient_hardness/cosine_class", r"falls as e\^(-[\d.]+) d", "variance-cosine.cosine", float),
    ("gradient_hardness/cosine_class", r"exactly (\d+) at d = 2", "sq-cosine.plane", float),
    ("gradient_hardness/drift", r": ([\d.]+) times it at", "drift.printed.constants", float),
    ("gradient_hardness/drift", r"at most ([\d.]+) of it is reached", "drift.analytic", float),
    ("gradient_hardness/drift", r"up to ([\d.]+) of it", "drift.printed.sine", float),
    ("gradient_hardness/gradient_variance", r"is ([\d.]+) times the printed", "variance-parity.printed", float),
    ("gradient_hardness/gradient_variance", r"growing by ([\d.]+) bits", "variance-parity.outlier", float),
    ("gradient_hardness/initialization_noise", r"log/d ([\d.]+) times", "rademacher-threshold", float),
    ("gradient_hardness/learning_times", r"decides \((\d+) times", "figure-1.initialization", float),
    ("gradient_hardness/sine_landscape", r"Minima: ([\d.]+) of Kac-Rice", "landscape-empirical", float),
    ("gradient_hardness/sine_landscape", r"falls as n\^(-[\d.]+)", "landscape-empirical.depth", float),
    ("multi_index/planted_success", r"([\d.]+) a decade", "planted-traps.flat-in-d", float),
    ("multi_index/precision", r"Hermite basis: (\S+) at most", "conditioning.hermite", float),
    ("ridge_combinations/coherence", r"within (\d+)% of the theory", "width", lambda v: 100 * abs(v - 1)),
    ("ridge_combinations/coverage", r"([\d.]+) times as many tasks", "coverage.beyond", float),
    ("ridge_combinations/figure_one", r"After: (\d+)% on one", "figure-1", lambda v: 100 * v),
    ("ridge_combinations/fine_tuning", r"takes ([\d.]+) of the samples", "fine-tuning", float),
    ("ridge_combinations/mixed_links", r"(\d+)% of random neurons", "mixed.share", lambda v: 100 * v),
    ("ridge_combinations/mixed_links", r"falls like n\^(-?[\d.]+)", "refit.eps", float),
    ("ridge_combinations/scaling", r"p = 3: .*? limit ([\d.]+) matched", "samples-d.large", float),
    ("ridge_combinations/scaling", r"p = 4: .*? limit ([\d.]+) matched", "samples-d.p4-large", float),
    ("ridge_combinations/scaling", r"grows as M\^([\d.]+)", "samples-M.slope", float),
    ("ridge_combinations/superorthogonal", r"degree (\d+) \(odd\)", "superorthogonal.odd", float),
    ("ridge_combinations/superorthogonal", r"and (\d+) \(even\)", "superorthogonal.even", float),
    ("subspace_polynomials/decay", r"the rate is ([\d.]+) \[", "dimension-free.rate", float),
    ("subspace_polynomials/deficit", r"powers as d grows (-[\d.]+)", "trapping-finite-d", float),
    ("subspace_polynomials/escape", r"power (-?[\d.]+) \[", "escape-time.leap3", float),
    ("subspace_polynomials/reflective_table", r"at least ([\d.]+)", "reflective-table.larger", float),
    ("subspace_polynomials/trapping_exact", r"stays at (\S+) or below", "trapping-exact", float),
    ("two_parameter/depth_and_dimension", r"(\d+) of \d+ targets of F_0 missed", "depth.guaranteed", float),
    ("two_parameter/distances", r"(\d+)% of targets within 1e-4", "elementary.contrast", lambda v: 100 * v),
    ("two_parameter/mechanism", r"(\d+)% of the lost targets", "mechanism", lambda v: 100 * v),
)

# Of a title with a word of judgement: the word, the claim, and the verdict that it needs.
JUDGES = (
    ("gradient_hardness/drift", r"the proof (fails|holds)", "drift.printed.constants", {"fails": "contradicted"}),
    ("gradient_hardness/drift", r"time bound (fails|holds)", "drift.analytic", {"holds": "supported"}),
    ("gradient_hardness/drift", r"1/d\), (exceeds|stays below)", "drift.printed.sine", {"exceeds": "contradicted"}),
    ("multi_index/planted_success", r"^(Flat in d|Not flat)", "planted-traps.flat-in-d", {"Not flat": "contradicted"}),
    ("multi_index/precision", r"form in M (is lost)", "conditioning.correlation-form", {"is lost": "supported"}),
    ("subspace_polynomials/reflective_table", r"methods (agree)", "reflective-table", {"agree": "supported"}),
    ("subspace_polynomials/trapping_exact", r"(never below)", "trapping-exact.floor", {"never below": "supported"}),
    ("ridge_combinations/scaling", r"grows as M\S+ (below 1|not below 1)", "samples-M.slope", {"below 1": "supported"}),
)  # fmt: skip
UNKNOWN = ("inconclusive", "not tested", "not at this scale", "out of steps")

each_figure = pytest.mark.parametrize(("study", "figure"), FIGURES, ids=["/".join(pair) for pair in FIGURES])


@cache
def _analysis(study: str, experiment: str) -> xr.Dataset:
    assert RESULTS is not None
    return read(RESULTS / study / experiment / "analysis.zarr.zip")


def _drawn_here(study: str, figure: str) -> Path:
    """The figure among the results, or skip."""
    if RESULTS is None:
        pytest.skip("no results named: LEARNABILITY_RESULTS=results/smoke")
    path = RESULTS / study / "figures" / f"{figure}.svg"
    sources = [RESULTS / study / name / "analysis.zarr.zip" for name in FIGURES[study, figure]]
    if not path.is_file() or not all(source.is_file() for source in sources):
        pytest.skip(f"{figure} was not drawn in {RESULTS.name}")
    return path


@each_figure
def test_a_figure_keeps_the_house_style(study: str, figure: str, recwarn: pytest.WarningsRecorder) -> None:
    _drawn_here(study, figure)
    mpl.use("agg")
    analyses = {name: _analysis(study, name) for name in FIGURES[study, figure]}
    with house_style():
        drawn = figure_module(study, figure).draw(analyses)
        make_room(drawn)
        assert faults(drawn) == []
    assert not [str(warning.message) for warning in recwarn]
    panels = [axes for axes in drawn.axes if axes.get_visible() and axes.axison and axes.get_label() != "<colorbar>"]
    assert all(axes.get_title(loc="left") for axes in panels), "a panel without a title"


@each_figure
def test_a_pdf_carries_its_fonts_as_outlines_that_printers_take(study: str, figure: str) -> None:
    """Publishers refuse Type 3: every font is TrueType, embedded."""
    content = _drawn_here(study, figure).with_suffix(".pdf").read_bytes()
    assert b"/Type3" not in content
    assert content.count(b"/FontFile2") >= 1


def _title(study: str, figure: str) -> str:
    _drawn_here(study, figure)
    mpl.use("agg")
    with house_style():
        drawn = figure_module(study, figure).draw({name: _analysis(study, name) for name in FIGURES[study, figure]})
        return plain(finding_of(drawn))


@cache
def _row(study: str, claim: str) -> dict[str, Any]:
    assert RESULTS is not None
    known = [path for path in (RESULTS / study / "claims.json", RESULTS / "claims.json") if path.is_file()]
    row = next((row for path in known[:1] for row in read_rows(path) if row["id"] == f"{study}/{claim}"), None)
    if row is None:
        assert not known, f"{study} has no claim {claim}: change the table with the claims"
        pytest.skip(f"{study} has no verdicts in {RESULTS.name}")
    return dict(row)


def agrees(shown: str, value: float) -> bool:
    """Whether a number in a title is ``value`` at the precision that it is shown with."""
    mantissa, _, exponent = shown.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return abs(float(shown) - value) <= 0.5000001 * 10.0 ** (int(exponent or 0) - decimals)


@pytest.mark.parametrize(("name", "pattern", "claim", "as_shown"), SAYS, ids=[f"{s[0]}-{s[2]}" for s in SAYS])
def test_a_number_in_a_title_is_that_of_the_claim(
    name: str, pattern: str, claim: str, as_shown: Callable[[float], float]
) -> None:
    study, figure = name.split("/")
    title = _title(study, figure)
    estimate = _row(study, claim)["estimate"]
    found = re.search(pattern, title)
    if found is None:
        assert RESULTS is not None
        assert RESULTS.name == "smoke", f"{title!r} does not say {pattern!r}: change the table with the title"
        pytest.skip("the title says less at this size")
    if estimate is None:
        pytest.skip("no estimate at this scale")
    assert agrees(found[1], as_shown(estimate)), f"{title!r}, but {claim} is {estimate}"


@pytest.mark.parametrize(("name", "pattern", "claim", "needs"), JUDGES, ids=[f"{j[0]}-{j[2]}" for j in JUDGES])
def test_a_word_of_judgement_in_a_title_is_the_verdict(
    name: str, pattern: str, claim: str, needs: dict[str, str]
) -> None:
    study, figure = name.split("/")
    found = re.search(pattern, _title(study, figure))
    verdict = _row(study, claim)["verdict"]
    if found and verdict not in UNKNOWN:
        said = found[1]
        assert (verdict == needs[said]) if said in needs else verdict not in needs.values()


def test_agreement_is_at_the_precision_shown() -> None:
    assert agrees("2.96", 2.9551)
    assert not agrees("2.97", 2.962)
    assert agrees("5e-15", 4.537e-15)
    assert not agrees("4e-15", 4.537e-15)
    assert agrees("60", 60.05)
