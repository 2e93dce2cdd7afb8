"""The claims; the CHANGELOG names those not fixed in advance. Sources: COLT 2024 numbering of arXiv 2406.11828."""

from learnability.studies.ridge_combinations.claims_features import FEATURE_CLAIMS
from learnability.studies.ridge_combinations.claims_sgd import SGD_CLAIMS

CLAIMS = SGD_CLAIMS + FEATURE_CLAIMS
