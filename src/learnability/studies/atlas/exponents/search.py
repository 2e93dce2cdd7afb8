"""The number of samples from which one seed learns, by doubling and bisection."""

import math
from collections.abc import Callable

FIRST = 16
RESOLUTION = 2**0.25
"""The ratio of neighbouring numbers of samples at the end of the search."""

_BISECTIONS = 2


def samples_needed(learns: Callable[[int], bool], most: int) -> float:
    """The least n, up to a factor of :data:`RESOLUTION`, at which ``learns(n)``; inf where no n up to ``most`` does.

    n doubles from 16 until it learns, and the last factor of two is halved twice in the logarithm.
    """
    below, n = 0, FIRST
    while not learns(n):
        below, n = n, 2 * n
        if n > most:
            return math.inf
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
