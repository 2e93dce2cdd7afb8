"""What the source states, how it is measured, and the rules of the verdicts; all declared before measuring.

Ids are those of the study's table; a row that says several things gives several claims. "Learned" means: all N stages
passed and ``|f - Phi| <= R_N``, the precision of a map with N stages.
"""

import math
from collections.abc import Callable

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Equals, Measurement, Rule
from learnability.studies.two_parameter.measurements import (
    at_rho,
    by_falling_rho,
    fraction_at,
    fraction_at_dimension,
    gain_of_decreasing_rho,
    gap_to_geometric_law,
    gap_to_product_law,
    given_f0_at_stretch,
    largest_fall_of_u,
    learned_given_f0,
    learned_in_balls,
    least_increase_of,
    limit_at_zero,
    plateau_exponent,
    precision_rate,
    spheres_with_counterexample,
    splitting_series,
    tail_exponent_of,
    trapped_over_nearest,
    with_full_stretch,
    within_small_distance,
)
from learnability.studies.two_parameter.selection import series
from learnability.studies.two_parameter.theory import product_law

_PAPER = "Yarotsky 2024, arXiv 2402.17089"


def _claim(
    name: str,
    source: str,
    statement: str,
    measured: str,
    rule: Rule,
    measure: Callable[[Analyses], Measurement],
    expected: str,
    experiments: tuple[str, ...] = ("learning",),
    **more: object,
) -> Claim:
    return Claim(name, f"{_PAPER}, {source}", statement, measured, rule, measure, experiments, expected, **more)  # type: ignore[arg-type]


_THM6 = "Theorem 6"
_STATES = "For any Borel probability mu and any eps there is a two-parameter model that learns all but eps of mu"

_MAIN = tuple(
    claim
    for d in (3, 4)
    for claim in (
        _claim(
            f"main.limit.d{d}",
            _THM6,
            f"{_STATES}: the learned fraction tends to 1 as rho -> 0",
            f"learned fraction, d = N = {d}, its N-th root continued linearly in rho from the three smallest rho to 0",
            Equals(1.0, 0.03),
            limit_at_zero(d),
            "1",
            seeds_needed=500,
            figure="splitting",
        ),
        _claim(
            f"main.rising.d{d}",
            _THM6,
            "The learned fraction rises as rho falls",
            f"least paired increase between successive rho, d = N = {d}",
            AtLeast(0.0),
            least_increase_of(by_falling_rho("splitting", dimension=d)),
            "positive throughout",
            seeds_needed=100,
            figure="splitting",
        ),
    )
)

_MAIN_MORE = (
    _claim(
        "main.smallest-rho",
        _THM6,
        "At rho = .008 all but 7% of the uniform targets are learned",
        "learned fraction, d = N = 3, rho = .008",
        AtLeast(0.93),
        at_rho(3, 0.008),
        "at least .93",
        seeds_needed=500,
        figure="splitting",
    ),
    _claim(
        "main.product-law",
        _THM6,
        "The learned fraction is about (1 - 2.6 rho)^N",
        "largest distance from the law over rho <= .05, d = N = 3 and 4",
        AtMost(0.06),
        gap_to_product_law,
        "small",
        seeds_needed=500,
        figure="splitting",
    ),
    _claim(
        "guaranteed-boxes",
        _THM6,
        "Every target in F0 is learned",
        "P(learned | target in F0), all maps with the construction's stretch",
        AtLeast(0.995),
        learned_given_f0(with_full_stretch),
        "1",
        seeds_needed=200,
        figure="splitting",
    ),
    _claim(
        "u-monotone",
        "proof of Theorem 6",
        "u never falls on F0",
        "largest decrease of u in one step on F0, in stage lengths, at tolerances <= 1e-5",
        AtMost(1e-9),
        largest_fall_of_u(1e-5),
        "0",
        unit="stage lengths",
    ),
)

_MEASURES = tuple(
    _claim(
        f"any-measure.{name.replace('_', '-')}",
        _THM6,
        "mu may be any Borel probability",
        f"least paired increase of the learned fraction between successive rho, {name.replace('_', ' ')} targets",
        AtLeast(0.0),
        least_increase_of(by_falling_rho("measures", measure=name)),
        "positive",
        seeds_needed=100,
        figure="splitting",
    )
    for name in ("gaussian", "beta_2_5", "arcsine", "two_clusters")
)

_SUMMARY = (
    _claim(
        "any-measure.summary",
        "a circulating summary of the paper",
        "Two parameters learn well only if the target distribution is structured, with a hierarchy of its own",
        "learned fraction of uniform targets, which have no hierarchy, at the smallest rho, d = N = 3",
        AtMost(0.5),
        lambda analyses: fraction_at(splitting_series(analyses, 3), -1),
        "contradicted: the hierarchy belongs to the model",
        form="summary",
        seeds_needed=50,
        figure="splitting",
    ),
    Claim(
        "two-dimensions.summary",
        "a circulating summary of the paper",
        "Implement the two-dimensional version to verify the construction",
        "nothing",
        form="summary",
        reason="at d = 2 = W a model with as many parameters as dimensions (the identity, say) learns everything: "
        "d = 2 is drawn, never measured",
    ),
    Claim(
        "main.smooth",
        f"{_PAPER}, {_THM6}",
        "The map can be C-infinity with infinitely many stages",
        "nothing",
        reason="a computed map has finitely many stages, and ours is C^{1,1}; measured is the limit in rho at fixed N",
    ),
)

_DEPTH = (
    _claim(
        "depth.guaranteed",
        _THM6,
        "Every target in F0 is learned at every depth",
        "P(learned | F0) over all depths",
        AtLeast(0.99),
        learned_given_f0(lambda a: series(a, "depth")),
        "1",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    _claim(
        "depth.product",
        _THM6,
        "With N levels the fraction falls as a product",
        "largest distance of the learned fraction from the best p^N",
        AtMost(0.05),
        gap_to_geometric_law,
        "small",
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
    _claim(
        "depth.precision",
        _THM6,
        "The precision R_N falls geometrically",
        "ratio of R_N per stage, over rho^(1/(d-1))",
        Between(0.8, 1.25),
        precision_rate,
        "about 1",
        figure="depth_and_dimension",
    ),
    _claim(
        "depth.decreasing-rho",
        _THM6,
        "With decreasing rho_n the product flattens",
        "fraction kept per stage, rho_n = rho .8^(n-1) minus constant rho",
        AtLeast(0.0),
        gain_of_decreasing_rho,
        "positive",
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
)

_DIMENSION = (
    _claim(
        "dimension.guaranteed",
        _THM6,
        "Every target in F0 is learned in every dimension",
        "P(learned | F0) over all dimensions, N = d",
        AtLeast(0.99),
        learned_given_f0(lambda a: series(a, "dimension")),
        "1",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    *(
        _claim(
            f"dimension.d{d}",
            _THM6,
            f"Two parameters learn {value:g} of the {d}-dimensional targets at rho = .02",
            f"learned fraction, N = d = {d}, rho = .02",
            Equals(value, 0.06),
            fraction_at_dimension(d),
            f"{value:g}",
            seeds_needed=500,
            figure="depth_and_dimension",
        )
        for d, value in ((3, 0.865), (12, product_law((0.02,) * 12)), (20, 0.36))
    ),
)

_STRETCH = (
    _claim(
        "stretch.enough",
        "proof of Theorem 6",
        "With the stretch in u every target of F0 is learned",
        "P(learned | F0), kappa >= .05",
        AtLeast(0.98),
        given_f0_at_stretch(0.05, math.inf),
        "1",
        seeds_needed=200,
        figure="stretch",
    ),
    _claim(
        "stretch.none",
        "proof of Theorem 6",
        "Without the stretch in u the guarantee fails",
        "P(learned | F0), kappa <= .002",
        AtMost(0.5),
        given_f0_at_stretch(0.0, 0.002),
        "collapses",
        seeds_needed=100,
        figure="stretch",
    ),
)


def _elementary(name: str, family: str, statement: str, source: str, rule: Rule, expected: str) -> Claim:
    return _claim(
        name,
        source,
        statement,
        f"exponent of P(distance <= eps), eps <= .03 (W = 2) or .1 (W = 1), model {family.replace('_', ' ')}",
        rule,
        tail_exponent_of(family),
        expected,
        ("elementary",),
        seeds_needed=500,
        figure="distances",
    )


_THM8 = "Pfaffian models with W < d learn a set of measure zero: P(distance <= eps) falls as eps^(d-W)"
_COR10 = "Sine models with W < d learn a set of measure zero: P(distance <= eps) falls as eps^(d-W)"
_CONJECTURE = "All elementary models, with unbounded sine too, learn measure zero (conjectured)"
_PROP2 = "One parameter learns a set of measure zero: P(distance <= eps) falls as eps^(d-1)"

_ELEMENTARY = (
    *(
        _elementary(f"elementary.{f.replace('_', '-')}", f, statement, source, Between(0.75, 1.25), "1")
        for statement, source, families in (
            (_THM8, "Theorem 8", ("linear", "cubic", "tanh_network", "gaussian_bumps", "rational", "torus")),
            (_COR10, "Corollary 10", ("sine", "fast_sine")),
            (_CONJECTURE, "conjecture after Corollary 10", ("helicoid", "graph_of_sine")),
        )
        for f in families
    ),
    *(
        _elementary(f"one-parameter.{f.replace('_', '-')}", f, _PROP2, "Proposition 2", Between(1.5, 2.5), "2")
        for f in ("line", "moment_curve", "toral_curve")
    ),
    _claim(
        "elementary.plateau",
        _THM6,
        "The hierarchical map has a plateau where elementary models have a power law",
        "local exponent of P(distance <= eps) between 1e-4 and 1e-3 at the deepest map",
        AtMost(0.3),
        plateau_exponent,
        "near 0",
        ("learning", "elementary"),
        seeds_needed=500,
        figure="distances",
    ),
    _claim(
        "elementary.contrast",
        _THM6,
        "The hierarchical map comes within 1e-4 of a positive fraction of targets",
        "P(distance <= 1e-4) at the deepest map",
        AtLeast(0.2),
        within_small_distance,
        "about a half at rho = .03, N = 8; at most .001 for every elementary model",
        ("learning", "elementary"),
        seeds_needed=500,
        figure="distances",
    ),
)

_NEGATIVE = (
    *(
        _claim(
            f"not-dense.{kind}",
            "Theorem 3",
            "A ball of targets around one orthogonal to the range of J_0 holds no learnable target",
            f"fraction learned in the constructed ball, {kind} model{plural}",
            AtMost(0.02),
            learned_in_balls(models),
            "0",
            ("balls",),
            seeds_needed=200,
        )
        for kind, plural, models in (
            ("hierarchical", "", lambda name: name == "hierarchical"),
            ("elementary", "s", lambda name: name != "hierarchical"),
        )
    ),
    _claim(
        "spheres",
        "Theorem 4",
        "Every embedded 2-sphere holds a target that is not learned",
        "fraction of spheres on which one was found, also inside boxes of a coarser F0",
        Equals(1.0, 0.0),
        spheres_with_counterexample,
        "found on every one",
        ("spheres",),
        figure="sphere",
    ),
    _claim(
        "figure-4",
        "Figure 4",
        "Gradient flow on the dense curve (sin w, sin sqrt2 w) is trapped",
        "distance where the flow stops over the least distance of the curve, |w| <= 3000",
        AtLeast(10.0),
        trapped_over_nearest,
        "trapped",
        ("pictures",),
        figure="figure_4",
    ),
)

CLAIMS: tuple[Claim, ...] = (
    *_MAIN,
    *_MAIN_MORE,
    *_MEASURES,
    *_SUMMARY,
    *_DEPTH,
    *_DIMENSION,
    *_STRETCH,
    *_ELEMENTARY,
    *_NEGATIVE,
)
