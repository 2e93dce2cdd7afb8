"""The targets of this kind: a family of hidden polynomials."""

from learnability.studies.subspace_polynomials.hidden_polynomials import build

__all__ = ["build"]
