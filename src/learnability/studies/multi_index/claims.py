"""What the paper states, and how each statement is measured here. The CHANGELOG names those not fixed in advance."""

from collections.abc import Callable
from functools import partial

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.studies.multi_index import claim_measures as measures

PAPER = "Bietti, Bruna, Pillaud-Vivien, arXiv 2310.19793"
_SYMMETRIC = ("radial", "harmonic")
_MIXED = ("mixed_parity", "mixed_harmonics")

_ESCAPES = {
    ("joint", "s1"): ("h1(z1)", 0.5),
    ("joint", "s2"): ("h2(z1)", 1.0),
    ("joint", "s3"): ("h3(z1)", 2.0),
    ("joint", "s4"): ("h4(z1)", 3.0),
    ("joint", "r2-s1"): ("h1(z1) + h1(z1)*h1(z2)", 1.0),
    ("joint", "r2-s2"): ("h1(z1) + h1(z1)*h2(z2)", 1.0),
    ("joint", "r2-s3"): ("h1(z1) + h1(z1)*h3(z2)", 2.0),
    ("joint", "r2-s4"): ("h1(z1) + h1(z1)*h4(z2)", 3.0),
    ("planted", "s2"): ("h2(z1)", 0.25),
    ("planted", "s3"): ("h3(z1)", 0.5),
    ("planted", "s4"): ("h4(z1)", 1.0),
    ("planted", "s5"): ("h5(z1)", 1.5),
    ("planted", "r2-s2"): ("h2(z1) + h2(z2)", 0.25),
    ("planted", "r2-s4"): ("He4(z1) + 2*He2(z1)*He2(z2) + He4(z2)", 1.0),
}
"""(flow, suffix of the id) -> (link, expected exponent, or rate against log d where the exponent is zero)."""

_LOGARITHMIC = {("joint", "s1"), ("joint", "r2-s1"), ("planted", "s2"), ("planted", "r2-s2")}


def _closure_claims() -> list[Claim]:
    return [
        Claim(
            id=f"closed-form.{flow}",
            source=f"{PAPER}, section 3",
            statement=f"The {flow} flow of the d x r weights closes on the r x r correlations.",
            measured="largest relative difference between the direct flow (by autograd) and the closed one",
            rule=AtMost(1e-9),
            measure=partial(measures.closure, flow=code),
            experiments=("closure",),
            expected="0",
        )
        for code, flow in enumerate(("joint", "planted"))
    ]


def _escape_claims() -> list[Claim]:
    theorem = {"joint": "Theorem 3.25", "planted": "Theorem 4.1"}
    law = {"joint": "d^(s-1), log d for s = 1", "planted": "d^(s/2-1), log d for s = 2"}
    claims = []
    for (flow, suffix), (link, expected) in _ESCAPES.items():
        logarithmic = (flow, suffix) in _LOGARITHMIC
        measured = "slope of log median escape time against log d, d = 1e2 to 1e8"
        if logarithmic:
            measured = "slope of the median escape time against log d, d = 1e2 to 1e8"
        claims.append(
            Claim(
                id=f"escape-{flow}.{suffix}",
                source=f"{PAPER}, {theorem[flow]}",
                statement=f"The {flow} flow of {link} escapes its last saddle in time {law[flow]}.",
                measured=measured,
                rule=Equals(expected, 0.01),
                measure=partial(measures.escape, flow=flow, link=link, name="log_rate" if logarithmic else "slope"),
                experiments=(f"escape_{flow}",),
                expected=f"{expected:g}",
                unit="flow time" if logarithmic else "1",
                seeds_needed=64,
                figure="escape_times",
            )
        )
    for flow in ("joint", "planted"):
        claims.append(
            Claim(
                id=f"escape-{flow}.large-d",
                source=f"{PAPER}, {theorem[flow]}",
                statement=f"Asymptotically, the {flow} flow escapes in time {law[flow]}, for every link.",
                measured="largest distance of the exponent fitted on d >= 1e4 from theory, over all links",
                rule=AtMost(0.01),
                measure=partial(measures.worst_exponent, flow=flow),
                experiments=(f"escape_{flow}",),
                expected="0",
                seeds_needed=64,
                figure="escape_times",
            )
        )
    return claims


def _path_claims() -> list[Claim]:
    return [
        Claim(
            id="staircase.plateaus",
            source=f"{PAPER}, section 3",
            statement="Between two escapes the loss rests at what the subspace learned so far leaves.",
            measured="largest distance of a median plateau from the sum of the unlearned coefficients, largest d",
            rule=AtMost(0.01),
            measure=measures.plateaus,
            experiments=("staircase",),
            expected="0",
            seeds_needed=8,
            figure="staircase",
        ),
        Claim(
            id="staircase.order",
            source=f"{PAPER}, Theorem 3.25",
            statement="Subspaces are learned one after another, in the order of their leap exponents.",
            measured="smallest ratio of median escape times of consecutive saddles, largest d; interval from deciles",
            rule=AtLeast(1.0),
            measure=measures.order,
            experiments=("staircase",),
            expected="> 1",
            seeds_needed=8,
            figure="staircase",
        ),
        Claim(
            id="monotone",
            source=f"{PAPER}, section 3",
            statement="Singular values never fall along the joint flow.",
            measured="largest fall of a cosine in one accepted step, over all joint runs",
            rule=AtMost(1e-4),
            measure=measures.monotone,
            experiments=("landscape", "escape_joint", "staircase"),
            expected="0 up to the solver's tolerance (1e-4 at most)",
        ),
    ]


def _landscape_claim(
    id: str,
    statement: str,
    measured: str,
    rule: AtLeast | AtMost,
    measure: Callable[[Analyses], Measurement],
    **more: str,
) -> Claim:
    form = more.get("form", "stated")
    assert form in ("stated", "printed", "corrected", "summary")
    return Claim(
        id=id,
        source=more.get("source", f"{PAPER}, section 4"),
        statement=statement,
        measured=measured,
        rule=rule,
        measure=measure,
        experiments=(more.get("experiment", "landscape"),),
        expected=more.get("expected", ""),
        form=form,  # type: ignore[arg-type]
        seeds_needed=64,
        figure=more.get("figure", "planted_split"),
    )


def _landscape_claims() -> list[Claim]:
    return [
        _landscape_claim(
            "global-convergence",
            "The joint flow converges to the target from almost every start.",
            "fraction of starts that reach the target, pooled over links; unfinished runs counted apart",
            AtLeast(0.99),
            measures.joint_success,
            source=f"{PAPER}, Theorem 3.25",
            expected="1",
        ),
        _landscape_claim(
            "global-convergence.unfinished",
            "The solver decides nearly every run of the joint flow.",
            "fraction of joint runs that used up their steps",
            AtMost(0.01),
            measures.joint_unfinished,
            source="this study",
            expected="0",
        ),
        _landscape_claim(
            "planted-traps.symmetric",
            "Radial links and single harmonics do not trap the planted flow.",
            "smallest planted success over these links",
            AtLeast(0.98),
            partial(measures.extreme, families=_SYMMETRIC, largest=False),
            expected="1",
        ),
        _landscape_claim(
            "planted-traps.mixed",
            "The planted landscape traps gradient flow with positive probability when parities or harmonics mix.",
            "largest planted success over these links",
            AtMost(0.9),
            partial(measures.extreme, families=_MIXED, largest=True),
            expected="well below 1",
        ),
        _landscape_claim(
            "planted-traps.flat-in-d",
            "The probability of a trap does not depend on the dimension.",
            "steepest change of the planted success per decade of d, over the links of the scan",
            AtMost(0.01),
            measures.trend,
            source="this study",
            experiment="landscape_dimension",
            figure="planted_success",
            expected="0",
        ),
        _landscape_claim(
            "planted-traps.rank",
            "More ridges of the same shape trap the planted flow less often.",
            "planted success of sum_j (h2 + h3/2)(z_j) with the most ridges minus that with one",
            AtLeast(0.1),
            measures.rank_gain,
            source="this study",
            figure="planted_success",
            expected="0.3",
        ),
        _landscape_claim(
            "symmetry-and-traps.printed",
            "Rotational symmetry of the target causes the traps of the planted flow.",
            "smallest planted success over the fully symmetric (radial) links; a trap would show as success below 0.9",
            AtMost(0.9),
            partial(measures.extreme, families=("radial",), largest=False),
            form="printed",
            source=f"{PAPER}, as summarised",
            expected="contradicted",
        ),
        _landscape_claim(
            "symmetry-and-traps.corrected",
            "Mixed harmonics, not symmetry, cause the traps: sums of harmonics of different frequencies trap.",
            "largest planted success over sums of harmonics",
            AtMost(0.9),
            partial(measures.extreme, families=("mixed_harmonics",), largest=True),
            form="corrected",
            source="this study",
            expected="well below 1",
        ),
    ]


def _samples_claims() -> list[Claim]:
    claims = []
    for s, link in ((2, "h2(z1)"), (3, "h3(z1)")):
        for suffix, exponent in (("s-1", s - 1), ("s", s)):
            claims.append(
                Claim(
                    id=f"samples.h{s}.{suffix}",
                    source=f"{PAPER}, section 5",
                    statement=f"Empirical two-timescale descent learns {link} from n ~ d^{exponent} samples.",
                    measured="slope of log n50 against log d, plain small steps; interval covers both estimators",
                    rule=Equals(float(exponent), 0.25),
                    measure=partial(measures.samples, link=link, method="small_steps"),
                    experiments=("samples",),
                    expected=f"{exponent}",
                    seeds_needed=32,
                    figure="samples",
                )
            )
    return claims


def _precision_claims() -> list[Claim]:
    def claim(
        id: str, statement: str, measured: str, rule: AtMost | AtLeast, measure: Callable[[Analyses], Measurement]
    ) -> Claim:
        return Claim(
            id=id,
            source="this study",
            statement=statement,
            measured=measured,
            rule=rule,
            measure=measure,
            experiments=("precision",),
            figure="precision",
        )

    return [
        claim(
            "conditioning.hermite",
            "The Hermite basis stays orthonormal in float64 up to degree 299.",
            "largest error of E h_j h_k by exact Gauss quadrature",
            AtMost(2e-14),
            measures.hermite,
        ),
        claim(
            "conditioning.correlation-form",
            "The joint flow in M loses the escape once d^(s-1) reaches 1e16.",
            "fraction of runs in a rotated frame whose escape time is off by more than 1 % or missing, d^(s-1) >= 1e16",
            AtLeast(0.5),
            partial(measures.lost, form=0),
        ),
        claim(
            "conditioning.spectral-form",
            "The spectral form keeps the escape there.",
            "fraction of runs in a rotated frame whose escape time is off by more than 1 % or missing, d^(s-1) >= 1e16",
            AtMost(0.25),
            partial(measures.lost, form=1),
        ),
        claim(
            "conditioning.spectral-form.worst",
            "The spectral form does not feel a rotation of the frame, whatever the start.",
            "largest relative change of the escape time under a rotation of the frame, over all runs",
            AtMost(1e-4),
            measures.frame_error,
        ),
    ]


CLAIMS: tuple[Claim, ...] = (
    *_closure_claims(),
    *_escape_claims(),
    *_path_claims(),
    *_landscape_claims(),
    *_samples_claims(),
    *_precision_claims(),
)
"""In the order of the table in the study's README."""
