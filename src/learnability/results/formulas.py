"""Formulas in figures, each parsed once for a size of type and a resolution.

Matplotlib makes a renderer for every pass of the layout and for every format, and each renderer forgets what the one
before has parsed; most of a figure's formulas are its labels of ticks, again and again the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser


@contextmanager
def parsed_once() -> Iterator[None]:
    """Keep every parsed formula for the duration of the block, within which the style must not change."""
    parse: Any = MathTextParser.parse
    known: dict[tuple[Any, ...], Any] = {}

    def remembered(
        self: Any, s: str, dpi: float = 72, prop: FontProperties | None = None, *, antialiased: bool | None = None
    ) -> Any:
        own = prop.copy() if prop is not None else None  # the hash of a font follows its changes
        smooth = mpl.rcParams["text.antialiased"] if antialiased is None else antialiased
        key = (self._output_type, s, dpi, own, smooth)
        if key not in known:
            known[key] = parse(self, s, dpi, prop, antialiased=smooth)
        return known[key]

    setattr(MathTextParser, "parse", remembered)  # noqa: B010  (a method of another's class)
    try:
        yield
    finally:
        setattr(MathTextParser, "parse", parse)  # noqa: B010
