"""Targets that are not polynomials."""


class FunctionTarget:
    """A function of Gaussian variables."""
