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
