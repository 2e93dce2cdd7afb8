"""What theory predicts, in closed form; figures and claims put it beside the measurement."""

import math


def escape_slope(information_exponent: int) -> float:
    """The exponent b of the escape time ``d^b`` of ``dm/dt = s m^(s-1) (1 - m^2)``: ``b = s/2 - 1``.

    From ``m_0 ~ d^(-1/2)`` the time is ``m_0^(2-s) / (s (s-2))`` to leading order for s > 2; it grows like log d
    for s = 2 (b = 0).
    """
    return information_exponent / 2 - 1


def escape_time(start: float, threshold: float) -> float:
    """The exact time from ``start`` to ``threshold`` for s = 2: ``[log(m / sqrt(1 - m^2)) / 2]``, in flow time."""
    return 0.5 * (_log_odds(threshold) - _log_odds(start))


def _log_odds(m: float) -> float:
    return math.log(m / math.sqrt(1 - m * m))
