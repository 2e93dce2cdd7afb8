"""The statements of the lecture, printed and corrected, and how each is judged.

The CHANGELOG names those that were not fixed in advance.
"""

from learnability.studies.gradient_hardness.claims_classes import CLASS_CLAIMS
from learnability.studies.gradient_hardness.claims_dynamics import DYNAMICS_CLAIMS
from learnability.studies.gradient_hardness.claims_representation import REPRESENTATION_CLAIMS
from learnability.studies.gradient_hardness.claims_training import TRAINING_CLAIMS

CLAIMS = (*REPRESENTATION_CLAIMS, *CLASS_CLAIMS, *DYNAMICS_CLAIMS, *TRAINING_CLAIMS)
