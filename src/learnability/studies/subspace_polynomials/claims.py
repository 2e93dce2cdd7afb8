"""The study's claims, in the order of its report. Theorems are those of Chen and Ge, arXiv 2402.08948."""

from learnability.results.claim import Claim
from learnability.studies.subspace_polynomials.diagnosis_claims import REFLECTIVE, TAYLOR
from learnability.studies.subspace_polynomials.training_claims import TRAPPING, TWO_STAGE

CLAIMS: tuple[Claim, ...] = (*REFLECTIVE, *TRAPPING, *TWO_STAGE, *TAYLOR)
