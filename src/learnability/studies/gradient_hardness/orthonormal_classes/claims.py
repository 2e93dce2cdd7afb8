"""Claims of the kind ``orthonormal_classes``: SQ dimensions, variance of the gradient over the cosines, Barron norm."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import Measure, exactly, measured

EXPERIMENT = ("orthonormal_classes",)
PACKINGS = "packings of at most 600, at d = 2 to 5; the note has n"


def _smallest_rate(name: str, power: float = 1.0) -> Callable[[xr.Dataset], float]:
    """Smallest log n / d^power over d."""
    return lambda ds: float((ds[name] / ds["dimension"] ** power).min())


def _packings(name: str) -> Measure:
    """The largest ratio over the packings that have a variance; the note has their sizes."""

    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses["orthonormal_classes"]
        known = dataset.isel(packing_dimension=np.isfinite(dataset[name].values))
        sizes = zip(known["largest_packing"].values, known["packing_dimension"].values, strict=True)
        note = "n = " + ", ".join(f"{n:.0f} at d = {d}" for n, d in sizes)
        return Measurement.exact(float(known[name].max()), note)

    return measure


def _limit(name: str) -> Measure:
    """A limit in d with its uncertainty: nothing is random."""
    return lambda analyses: measured(analyses["orthonormal_classes"][name])


CLAIMS = (
    Claim(
        id="sq-parity",
        source="lecture, Definition 4 and equations (1)-(2)",
        statement="the SQ dimension of the parities is 2^d",
        measured="largest distance of log2 of the rank of the Gram matrix from d, and largest off-diagonal entry",
        rule=AtMost(0),
        measure=exactly(
            "orthonormal_classes",
            lambda ds: np.abs(ds["log2_sq_dimension"] - ds["parity_dimension"]).max() + ds["gram_off_diagonal"].max(),
        ),
        experiments=EXPERIMENT,
        expected="0",
        evidence="exact",
    ),
    Claim(
        id="sq-cosine.printed",
        source="lecture, the cosine neuron",
        statement=(
            "the SQ dimension of cos(2 pi w.x), |w| = sqrt(d), is at least C_1 e^{C_2 sqrt(d)}: the lecture's own "
            "construction, uniform lines with t = d^{-1/4}, gives C_1 = 1, C_2 = 1/4"
        ),
        measured="log n / sqrt(d) of this construction with the exact probability of a cap, smallest over d to 80",
        rule=AtLeast(0.25),
        measure=exactly("orthonormal_classes", _smallest_rate("log_lecture_bound", 0.5)),
        experiments=EXPERIMENT,
        expected="above 1/4, its limit",
        form="printed",
        evidence="existence",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.sign.printed",
        source="lecture, proof for the cosine neuron",
        statement="the union bound gives n = e^{-C_2 sqrt(d)}/2 points on the sphere, C_2 > 0",
        measured="the printed n at C_2 = 1/4, largest over d; a packing has at least 2 points",
        rule=AtLeast(2),
        measure=exactly("orthonormal_classes", lambda ds: np.exp(-np.sqrt(ds["dimension"]) / 4).max() / 2),
        experiments=EXPERIMENT,
        expected="below 1/2: the sign of the exponent is wrong",
        form="printed",
        evidence="exact",
    ),
    Claim(
        id="sq-cosine.corrected",
        source="lecture, the cosine neuron, with t fixed in place of d^{-1/4}",
        statement="the SQ dimension of cos(2 pi w.x), |w| = sqrt(d), is exponential in d itself: at least e^{0.2437 d}",
        measured="log n / d of what caps prove at each d, smallest over d to 80",
        rule=AtLeast(0.2437),
        measure=exactly("orthonormal_classes", _smallest_rate("log_sq_bound")),
        experiments=EXPERIMENT,
        expected="0.84 at d = 2, 1.12 from d = 8 on",
        form="corrected",
        evidence="existence",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.packing",
        source="lecture, the cosine neuron",
        statement="packings of at least e^{0.2437 d} cosine neurons exist at small d",
        measured="log n / d of the largest packing that was found, smallest over d",
        rule=AtLeast(0.2437),
        measure=exactly(
            "orthonormal_classes", lambda ds: (np.log(ds["largest_packing"]) / ds["packing_dimension"]).min()
        ),
        experiments=EXPERIMENT,
        expected="about 1",
        form="corrected",
        evidence="existence",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.plane",
        source="lecture, Definition 4, at d = 2",
        statement="the SQ dimension of the cosine neurons cos(2 pi w.x), |w| = sqrt(2), in the plane is 9",
        measured="largest n for which n lines at angles pi/n satisfy the definition, in ball arithmetic",
        rule=Equals(9, 0),
        measure=exactly("orthonormal_classes", lambda ds: ds["planar_sq_dimension"]),
        experiments=EXPERIMENT,
        expected="9",
        evidence="exact",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.sphere",
        source="lecture, approximating the cosine neuron",
        statement=(
            "with the uniform law on the sphere of radius sqrt(d) in place of N(0, I) the SQ dimension of "
            "cos(2 pi w.x), |w| = sqrt(d), stays exponential in d: it grows at least as e^{0.2437 d}"
        ),
        measured="increase per dimension of log n that caps prove, limit from the upper half of the dimensions",
        rule=AtLeast(0.2437),
        measure=_limit("sphere_rate"),
        experiments=EXPERIMENT,
        expected="0.58, about half of the rate under N(0, I)",
        evidence="asymptotic",
        window_seen=True,
        figure="cosine_class",
    ),
    *(
        Claim(
            id=f"sq-periodic.{link}",
            source="lecture, remark on periodic links (Shamir 2018)",
            statement=(
                f"the SQ dimension of phi(w.x), |w| = sqrt(d), is exponential in d for a periodic link phi: "
                f"at least e^{{0.2437 d}} for the {link} wave of mean zero and period one"
            ),
            measured="log n / d of what caps prove at each d, smallest over d to 80",
            rule=AtLeast(0.2437),
            measure=exactly("orthonormal_classes", _smallest_rate(f"log_sq_bound_{link}")),
            experiments=EXPERIMENT,
            expected="as for the cosine",
            evidence="existence",
        )
        for link in ("triangle", "square")
    ),
    Claim(
        id="variance-packing.printed",
        source="lecture, extension of Theorem 5 to nearly orthonormal classes",
        statement=(
            "over n functions with inner products at most 1/n^2, read as |inner products| at most 1/n^2, the variance "
            "of the gradient of E(h - f)^2 is at most 2/n if E|grad h|^2 <= 1"
        ),
        measured=f"largest variance over the largest packings of cosine neurons, times n/2: largest over d; {PACKINGS}",
        rule=AtMost(1),
        measure=_packings("packing_printed_ratio"),
        experiments=EXPERIMENT,
        expected="2: the gradient of the square has a factor 2, its square 4",
        form="printed",
        evidence="existence",
        figure="cosine_class",
    ),
    Claim(
        id="variance-packing.corrected",
        source="lecture, extension of Theorem 5 to nearly orthonormal classes, corrected",
        statement=(
            "over n functions with |inner products| at most 1/n^2 the variance of the gradient of E(h - f)^2 is at "
            "most (4/n)(1 + 1/n) if E|grad h|^2 <= 1"
        ),
        measured=(
            "search: largest variance over the largest packings of cosine neurons over this bound, largest over d; "
            + PACKINGS
        ),
        rule=AtMost(1),
        measure=_packings("packing_corrected_ratio"),
        experiments=EXPERIMENT,
        expected="below 1, and close to it",
        form="corrected",
        evidence="existence",
        figure="cosine_class",
    ),
    *(
        Claim(
            id=f"variance-cosine.{model}",
            source="lecture, Theorem 5 for nearly orthonormal classes",
            statement=f"the variance of the gradient over the cosine class is exponentially small in d ({text})",
            measured="rate r of log variance = r d + p log d + c, limit from the upper half of d, against the saddle",
            rule=Equals(saddle, 0.01),
            measure=_limit(f"variance_rate_{model}"),
            experiments=EXPERIMENT,
            expected=f"{saddle}",
            evidence="asymptotic",
            figure="cosine_class",
        )
        for model, text, saddle in (("cosine", "model cos(2 pi theta.x)", -2.686), ("relu", "one ReLU neuron", -2.6845))
    ),
    Claim(
        id="barron-norm",
        source="lecture, equation (8)",
        statement=(
            "the Barron norm of cos(xi.x) on [-1, 1]^d, xi = 2 pi sqrt(d) w, |w| = sqrt(d), is at most "
            "2|xi|_1^2 + 2 <= C d^3"
        ),
        measured="path norm of an explicit ridge network over 2|xi|_1^2 + 2, w on the diagonal, largest over d to 80",
        rule=AtMost(1),
        measure=exactly(
            "orthonormal_classes", lambda ds: (ds["ridge_path_norm_diagonal"] / ds["barron_bound_diagonal"]).max()
        ),
        experiments=EXPERIMENT,
        expected="3/pi = 0.955 for large d",
        evidence="existence",
        figure="path_norms",
    ),
    Claim(
        id="barron-norm.sharp",
        source="lecture, equation (8)",
        statement=(
            "the exponent of C d^3 is sharp for the cosine neuron on [-1, 1]^d: no two-layer ReLU network has a path "
            "norm that grows more slowly, w on the diagonal"
        ),
        measured="limit exponent in d of the lower bound: total variation of the slope on the diagonal of the cube",
        rule=AtLeast(2.98),
        measure=_limit("barron_lower_bound_diagonal_exponent"),
        experiments=EXPERIMENT,
        expected="3: the lower bound is (4/pi)|xi|_1^2",
        form="corrected",
        evidence="asymptotic",
        figure="path_norms",
    ),
    Claim(
        id="barron-norm.summary",
        source="lecture, summary, in the coordinates of equation (8)",
        statement=(
            "cosine neurons cos(xi.x) on [-1, 1]^d, xi = 2 pi sqrt(d) w, |w| = sqrt(d), are two-layer ReLU networks "
            "with a path norm of at most C d^2"
        ),
        measured="limit exponent in d of the lower bound of every such path norm, w on the diagonal",
        rule=AtMost(2.02),
        measure=_limit("barron_lower_bound_diagonal_exponent"),
        experiments=EXPERIMENT,
        expected="3",
        evidence="summary",
        figure="path_norms",
    ),
    Claim(
        id="barron-norm.summary.sphere",
        source="lecture, summary, without the rescaling of equation (8)",
        statement=(
            "cosine neurons cos(2 pi w.x), |w| = sqrt(d), on the sphere of radius sqrt(d) are two-layer ReLU networks "
            "with a path norm of at most C d^2"
        ),
        measured="limit exponent in d of the path norm of an explicit ridge network, w on the diagonal",
        rule=AtMost(2.02),
        measure=_limit("ridge_path_norm_sphere_exponent"),
        experiments=EXPERIMENT,
        expected="2: the path norm depends on the scale of the inputs",
        evidence="summary",
        window_seen=True,
        figure="path_norms",
    ),
)
