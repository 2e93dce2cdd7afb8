"""Claims of the kind ``orthonormal_classes``: SQ dimensions, variance of the gradient over the cosines, Barron norm."""

from operator import itemgetter

import numpy as np
import xarray as xr

from learnability.results.claim import AtLeast, AtMost, Claim, Equals
from learnability.results.measuring import estimated, exactly
from learnability.studies.gradient_hardness.estimates import upper_slope

EXPERIMENT = ("orthonormal_classes",)


def _lower_bound_exponent(dataset: xr.Dataset) -> float:
    """p in log n ~ d^p for the n that the union bound proves, on the upper half of the dimensions."""
    return upper_slope(np.log(dataset["dimension"].values.astype(float)), np.log(dataset["log_union_bound"].values))


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
    ),
    Claim(
        id="sq-cosine.printed",
        source="lecture, the cosine neuron",
        statement="the SQ dimension of cos(2 pi w.x), |w| = sqrt(d), is at least C_1 e^{C_2 sqrt(d)}",
        measured="p in log n ~ d^p for the n that the union bound proves",
        rule=AtLeast(0.5),
        measure=exactly("orthonormal_classes", _lower_bound_exponent),
        experiments=EXPERIMENT,
        expected="1: true, and far from sharp",
        form="printed",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.corrected",
        source="lecture, the cosine neuron, with t fixed in the union bound",
        statement="the SQ dimension of cos(2 pi w.x), |w| = sqrt(d), is at least e^{0.2437 d}",
        measured="log n per dimension of the union bound as d grows",
        rule=AtLeast(0.2437),
        measure=exactly("orthonormal_classes", lambda ds: ds["union_rate"]),
        experiments=EXPERIMENT,
        expected="0.2439",
        form="corrected",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.packing",
        source="lecture, the cosine neuron",
        statement="packings of at least e^{0.2437 d} cosine neurons exist at small d",
        measured="log n / d of greedy packings, smallest over d",
        rule=AtLeast(0.2437),
        measure=estimated("orthonormal_classes", "packing_rate", lambda rate: rate.min()),
        experiments=EXPERIMENT,
        expected="about 1",
        form="corrected",
        figure="cosine_class",
    ),
    Claim(
        id="sq-cosine.plane",
        source="lecture, Definition 4, at d = 2",
        statement="the SQ dimension of the cosine neurons in the plane is 9",
        measured="largest n for which n lines at angles pi/n satisfy the definition",
        rule=Equals(9, 0),
        measure=exactly("orthonormal_classes", lambda ds: ds["planar_sq_dimension"]),
        experiments=EXPERIMENT,
        expected="9",
    ),
    *(
        Claim(
            id=f"variance-cosine.{model}",
            source="lecture, Theorem 5 for nearly orthonormal classes",
            statement=f"the variance of the gradient over the cosine class is exponentially small in d ({text})",
            measured="rate r of log variance = r d + p log d + c, against the saddle value",
            rule=Equals(saddle, 0.01),
            measure=exactly("orthonormal_classes", itemgetter(f"variance_rate_{model}")),
            experiments=EXPERIMENT,
            expected=f"{saddle}",
            figure="cosine_class",
        )
        for model, text, saddle in (("cosine", "model cos(2 pi theta.x)", -2.686), ("relu", "one ReLU neuron", -2.6845))
    ),
    Claim(
        id="barron-norm",
        source="lecture, equation (8)",
        statement="the Barron norm of the cosine neuron is at most C d^3",
        measured="growth exponent in d of the bound 2|xi|_1^2 + 2 for w on the diagonal",
        rule=Equals(3, 0.02),
        measure=exactly("orthonormal_classes", lambda ds: ds["barron_bound_diagonal_exponent"]),
        experiments=EXPERIMENT,
        expected="3",
        figure="path_norms",
    ),
    Claim(
        id="barron-norm.network",
        source="lecture, equation (8)",
        statement="an explicit ridge network for the cosine neuron has a path norm of C d^3",
        measured="growth exponent in d of its path norm for w on the diagonal",
        rule=Equals(3, 0.02),
        measure=exactly("orthonormal_classes", lambda ds: ds["ridge_path_norm_diagonal_exponent"]),
        experiments=EXPERIMENT,
        expected="3",
        figure="path_norms",
    ),
    Claim(
        id="barron-norm.summary",
        source="lecture, summary",
        statement="cosine neurons are two-layer networks with a path norm of at most C d^2",
        measured="growth exponent in d of the lecture's own bound for w on the diagonal",
        rule=AtMost(2.02),
        measure=exactly("orthonormal_classes", lambda ds: ds["barron_bound_diagonal_exponent"]),
        experiments=EXPERIMENT,
        expected="3, the exponent of equation (8); 2 only for w on an axis",
        form="summary",
        figure="path_norms",
    ),
)
