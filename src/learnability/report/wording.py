"""How verdicts, numbers and findings are written on every page and in the terminal."""

import html
import math
import re
from collections.abc import Mapping
from typing import Any

VERDICT_MARKS = {
    "supported": "✓",
    "contradicted": "✗",
    "inconclusive": "?",
    "not tested": "–",
    "not at this scale": "·",
    "out of steps": "…",
}
"""A verdict is a word and a mark, never a colour alone."""

VERDICT_MEANINGS = {
    "supported": "the whole interval of the estimate lies within the accepted values",
    "contradicted": "the whole interval lies outside them",
    "inconclusive": "the interval reaches across the edge of the accepted values or is not finite, or rests on fewer "
    "seeds than the claim asks for",
    "not tested": "nothing is measured; the remark says why",
    "not at this scale": "what the claim is about is not part of the scale that was run",
    "out of steps": "some runs reached the limit of their steps before they ended, and could decide the claim either "
    "way",
}
"""What each verdict means, as every page says it."""

WINDOW_MARK = "†"
"""Marks a rule whose window was set after its number had been seen."""

_TITLE = re.compile(r"<dc:title>(.*?)</dc:title>", re.DOTALL)
_CREATOR = re.compile(r"<dc:creator>.*?</dc:creator>", re.DOTALL)  # has a title of its own: the drawing library
_SYMBOLS = {
    "alpha": "α", "beta": "β", "eta": "η", "kappa": "κ", "lambda": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "infty": "∞", "times": "×", "cdot": "·", "sim": "~", "propto": "∝", "leq": "≤", "geq": "≥", "pi": "π",
    "approx": "≈", "pm": "±", "to": "→", "sqrt": "√", "ell": "ℓ", "varepsilon": "ε", "epsilon": "ε",
}  # fmt: skip


def plain(text: str) -> str:
    """Text with mathtext as plain text."""
    text = re.sub(r"\\(?:mathrm|mathbf|mathcal|text|operatorname)\s*", "", text)
    text = re.sub(r"\\[a-zA-Z]+", lambda match: _SYMBOLS.get(match[0][1:], match[0][1:]), text)
    return re.sub(r"[${}]", "", re.sub(r"\\[,;:! ]", " ", text)).replace("\\", "")


def finding(svg: str) -> str:
    """What the figure says it found, as its metadata carry it, in plain text; empty for a figure without."""
    match = _TITLE.search(_CREATOR.sub("", svg))
    return plain(html.unescape(match[1]).strip()) if match else ""


def number(value: float | None) -> str:
    """Four significant digits."""
    return "" if value is None else f"{value:.4g}"


def address(row: Mapping[str, Any]) -> str:
    """The permanent address of a claim on every page that shows it: ``<study>.<id>``."""
    return str(row["id"]).replace("/", ".", 1)


def rule(row: Mapping[str, Any]) -> str:
    """The rule, with its mark where the window was set after its number had been seen."""
    return f"{row['rule']} {WINDOW_MARK}" if row["window_seen"] else str(row["rule"])


def interval(row: Mapping[str, Any]) -> str:
    """The interval as ``[low, high]``; ``exact`` where the measurement has no width."""
    if row["interval"] is None or None in row["interval"]:
        return ""
    low, high = row["interval"]
    return "exact" if low == high == row["estimate"] else f"[{number(low)}, {number(high)}]"


def judged(row: Mapping[str, Any]) -> str:
    """The verdict with what was measured, where anything was."""
    measured = "" if row["estimate"] is None else f" {number(row['estimate'])} {interval(row)}"
    return f"{row['verdict']}{measured}"


def interval_picture(row: Mapping[str, Any]) -> str:
    """The estimate with its interval on a line, over the accepted values: an inline SVG, or nothing to draw.

    The line reaches from the lowest to the highest of the finite numbers concerned, with a margin of a fifth.
    """
    accepted = row.get("accepted") or [None, None]
    ends = [value for value in (*(row["interval"] or ()), row["estimate"], *accepted) if value is not None]
    if row["estimate"] is None or not ends or not all(map(math.isfinite, ends)):
        return ""
    low, high = min(ends), max(ends)
    margin = 0.2 * (high - low) or 0.2 * abs(high) or 1.0
    low, high = low - margin, high + margin

    def x(value: float | None, default: float) -> str:
        return f"{default if value is None else 200 * (value - low) / (high - low):.1f}"

    left, right = x(accepted[0], 0), x(accepted[1], 200)
    first, last = (x(value, 0) for value in row["interval"])
    said = f"{number(row['estimate'])} {interval(row)}; accepted: {row['rule']}"
    return (
        f'<svg class="interval" role="img" aria-label="{html.escape(said, quote=True)}" viewBox="0 0 200 16">'
        f'<rect class="accepted" x="{left}" y="2" width="{float(right) - float(left):.1f}" height="12"/>'
        '<line class="axis" x1="0" x2="200" y1="8" y2="8"/>'
        f'<line class="range" x1="{first}" x2="{last}" y1="8" y2="8"/>'
        f'<circle class="estimate" cx="{x(row["estimate"], 0)}" cy="8" r="3.5"/></svg>'
    )
