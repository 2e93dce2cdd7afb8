"""Formulas in the text of a page: ``$...$`` becomes MathML, which browsers draw themselves."""

import re

from markupsafe import Markup, escape

_FORMULA = re.compile(r"\$([^$]+)\$")
_POWER = re.compile(
    r"(?<=[A-Za-z0-9)\]|\u03b1-\u03c9])\^"
    r"(?:\(([^()]{1,20})\)|\{([^{}]{1,60})\}|(-?[A-Za-z0-9](?:[A-Za-z0-9.]{0,4}[A-Za-z0-9])?))"
)
_INDEX = re.compile(r"(?<![A-Za-z_])([A-Za-z\u03b1-\u03c9])_(\d{1,2}(?![0-9_])|(?:min|max|[A-Za-z0-9]{1,2})\b)")
_GREEK = {
    "alpha": "α", "beta": "β", "delta": "δ", "eps": "ε", "eta": "η", "kappa": "κ", "lambda": "λ", "mu": "μ", "phi": "φ",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "theta": "θ", "xi": "ξ",
}  # fmt: skip
_LETTER = re.compile(rf"(?<![A-Za-z])({'|'.join(_GREEK)})(?![A-Za-z])")
_SIGNS = {"&lt;=": "≤", "&gt;=": "≥", "-&gt;": "→", "sqrt(": "√("}


def _words(text: str) -> str:
    """Words with the plain formulas among them, ``d^(s-1)``, ``z_1``, ``rho <= 1``, set as such."""
    shown = str(escape(text))
    for written, sign in _SIGNS.items():
        shown = shown.replace(written, sign)
    shown = _LETTER.sub(lambda found: _GREEK[found[1]], shown)
    for _ in range(2):  # a power may stand inside a power
        shown = _POWER.sub(lambda found: f"<sup>{found[1] or found[2] or found[3]}</sup>", shown)
    return _INDEX.sub(r"\1<sub>\2</sub>", shown)


def with_mathematics(text: str) -> Markup:
    """Text for a page; a formula that cannot be read is shown as it is written."""
    from latex2mathml.converter import convert

    parts: list[str] = []
    for position, part in enumerate(_FORMULA.split(text)):
        if position % 2 == 0:
            parts.append(_words(part))
            continue
        try:
            parts.append(convert(part))
        except Exception:  # the library has no error of its own; a page is no place to stop for a formula
            parts.append(f"<code>{escape(part)}</code>")
    return Markup("".join(parts))
