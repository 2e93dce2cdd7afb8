"""Where the statements of a diagnosis come from, and the form of its rows."""

Row = tuple[str, str, str, str]
"""Name, text, how it is known, source."""

SOURCES = {
    "correlational": "arXiv 2302.11055, 2310.19793",
    "generative": "arXiv 2403.05529, 2506.05500",
    "sgd": "arXiv 2003.10409, 2302.11055",
    "reuse": "arXiv 2405.15459, 2406.01581",
    "linear": "arXiv 2405.15480",
    "reflective": "arXiv 2402.08948",
    "staircase": "arXiv 2202.08658, 2302.11055",
    "noise": "O'Donnell, Analysis of Boolean Functions, section 2.4",
}
