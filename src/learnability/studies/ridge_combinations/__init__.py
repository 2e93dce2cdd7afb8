"""A two-layer network learns a sum of M ridge functions (arXiv 2406.11828)."""

PAPER = "arXiv 2406.11828 (COLT 2024)"
