"""Numbers and links as text on axes."""

import numpy as np

_LONGEST = 44  # characters on a line


def power_of_ten(value: float) -> str:
    """10^k as text where value is one, else the number."""
    exponent = np.log10(value)
    return f"$10^{{{exponent:.0f}}}$" if abs(exponent - round(exponent)) < 1e-9 else f"{value:g}"


def short(link: str) -> str:
    """A link's text for an axis: numbers of at most three digits, on two lines when long."""
    words = []
    for word in link.split("*"):
        parts = [f"{float(p):.3g}" if _is_long_number(p) else p for p in word.split(" ")]
        words.append(" ".join(parts))
    text = "·".join(words)
    ends = [at for at, sign in enumerate(text) if sign in "+-" and text[at - 1 : at + 2] == f" {sign} "]
    if len(text) <= _LONGEST or not ends:
        return text
    middle = min(ends, key=lambda at: abs(at - len(text) / 2))
    return f"{text[: middle - 1]}\n{text[middle:]}"


def _is_long_number(text: str) -> bool:
    return len(text) > 5 and text.replace(".", "", 1).replace("-", "", 1).isdigit()
