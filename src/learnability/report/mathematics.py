"""Formulas in the text of a page: ``$...$`` becomes MathML, which browsers draw themselves."""

import re

from markupsafe import Markup, escape

_FORMULA = re.compile(r"\$([^$]+)\$")
_POWER = re.compile(
    r"(?<=[A-Za-z0-9)\]])\^(?:\(([^()]{1,20})\)|\{([^{}]{1,20})\}|(-?[A-Za-z0-9](?:[A-Za-z0-9.]{0,4}[A-Za-z0-9])?))"
)
_INDEX = re.compile(r"(?<![A-Za-z_])([A-Za-z])_(\d{1,2}(?![0-9_])|[A-Za-z0-9]{1,2}\b)")


def _words(text: str) -> str:
    """Words with the powers and indices of plain formulas, ``d^(s-1)`` and ``z_1``, set as such."""
    shown = str(escape(text))
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
