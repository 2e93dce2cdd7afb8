"""The distances at which analyses read how often a flow ends near its target."""

import numpy as np

from learnability.results.labelled import variable

EPSILONS = np.geomspace(1e-5, 1.0, 51)
EPS = variable("eps", EPSILONS, "distance")
"""The distances eps at which ``P(final distance <= eps)`` is read."""
