"""Formulas of a figure are parsed once, and the picture is the one of Matplotlib's own parsing."""

from contextlib import AbstractContextManager, nullcontext
from io import BytesIO

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser

from learnability.results.formulas import parsed_once
from learnability.results.legible import make_room
from learnability.results.style import house_style, new_figure


def _with_formulas() -> Figure:
    figure, panels = new_figure(1, 2)
    for panel in panels.ravel():
        panel.loglog([1, 10, 100], [1e-3, 1.0, 1e3], label=r"$\alpha_2$")
        panel.set_xlabel(r"$d^{3/2}$")
        panel.legend()
    return figure


def _drawn(block: AbstractContextManager[None], form: str) -> bytes:
    with house_style(), block:
        figure = _with_formulas()
        make_room(figure)
        out = BytesIO()
        dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(out, format=form, metadata=dates[form])
        return out.getvalue()


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_picture_is_the_same(form: str) -> None:
    assert _drawn(parsed_once(), form) == _drawn(nullcontext(), form)


def test_no_formula_is_parsed_twice_however_many_renderers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[tuple[object, ...]] = []
    own = MathTextParser.parse

    def counted(self: MathTextParser, s: str, *rest: object, **more: object) -> object:
        parsed.append((self._output_type, s, *map(str, rest)))
        return own(self, s, *rest, **more)

    monkeypatch.setattr(MathTextParser, "parse", counted)
    with house_style(), parsed_once():
        figure = _with_formulas()
        for _ in range(3):
            FigureCanvasAgg(figure).draw()
    assert parsed
    assert len(parsed) == len(set(parsed))
    assert MathTextParser.parse is counted


def test_the_layout_is_final_and_every_format_is_drawn_once() -> None:
    with house_style():
        figure = _with_formulas()
        make_room(figure)
        assert figure.get_layout_engine() is None
        before = [axes.get_position().get_points() for axes in figure.axes]
        drawn = figure.draw
        count = 0

        def counting(renderer: object) -> object:
            nonlocal count
            count += 1
            return drawn(renderer)

        figure.draw = counting  # type: ignore[method-assign,assignment]
        figure.savefig(BytesIO(), format="svg")
        assert count == 1
        assert np.array_equal(before, [axes.get_position().get_points() for axes in figure.axes])
