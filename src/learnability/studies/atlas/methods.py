"""How the methods of a check are named in every page and figure."""

LABEL = {
    "online_sgd": "online SGD",
    "reused_samples": "SGD, each sample twice",
    "two_timescale": "full batch, link refitted",
    "partial_trace": "partial trace of the label",
    "best_transform": "spectral, best transform",
    "u_statistic": "U-statistic, any transform",
    "kernel_ridge": "kernel ridge",
}

GIVEN = (
    "Every method of the check is told the number of hidden directions. Beyond the samples, partial traces are told "
    "the correlational leaps, the U-statistic the generative leaps with the directions gained at each, SGD the first "
    "leap (for its step size), and the best transform is computed from the link itself, with the axes inside what it "
    "has found; a user of data alone has to search for these. The full batch takes at most 250 steps from one start. "
    "A seed that has learned at two neighbouring n is not run at larger ones."
)
"""What the methods of a check know that samples alone do not tell."""


def in_a_list(method: str) -> str:
    """The label of a method without a comma, for a list."""
    return LABEL[method].replace(", ", " with ")
