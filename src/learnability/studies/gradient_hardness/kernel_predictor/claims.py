"""Claims of the kind ``kernel_predictor``: the lecture's remark on highly over-parameterised networks."""

from learnability.results.claim import AtLeast, Claim
from learnability.results.measuring import over_draws

EXPERIMENT = ("kernel_predictor",)

CLAIMS = (
    Claim(
        id="kernel-curse",
        source="lecture, introduction",
        statement=(
            "the kernel predictor that gradient descent on a wide two-layer network becomes suffers from the curse of "
            "dimension: for a mean error of 1/2 over all parities it needs at least 2^{d-1} samples"
        ),
        measured="samples of the neural tangent kernel over 2^d, exact mean over parities: smallest over d and draws",
        rule=AtLeast(0.5),
        measure=over_draws("kernel_predictor", lambda ds: ds["cube_share"].min()),
        experiments=EXPERIMENT,
        expected="at least 1/2: n samples span n of 2^d orthogonal directions",
        evidence="exact",
        seeds_needed=3,
    ),
)
