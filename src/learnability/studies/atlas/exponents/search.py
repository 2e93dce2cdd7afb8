"""The number of samples from which one seed learns, by doubling and bisection."""

import math
from collections.abc import Callable

FIRST = 16
RESOLUTION = 2**0.25
"""The ratio of neighbouring numbers of samples at the end of the search."""

_BISECTIONS = 2


def samples_needed(learns: Callable[[int], bool], most: int) -> float:
    """The least n, up to a factor of :data:`RESOLUTION`, at which ``learns(n)``; inf where no n up to ``most`` does.

    n doubles from 16 until it learns, or is ``most``, and the last factor, of at most two, is halved twice in the
    logarithm.
    """
    below, n = 0, min(FIRST, most)
    while not learns(n):
        if n >= most:
            return math.inf
        below, n = n, min(2 * n, most)
    if not below:
        return float(n)
    low, high = math.log(below), math.log(n)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if learns(round(math.exp(middle))):
            high = middle
        else:
            low = middle
    return float(round(math.exp(high)))
