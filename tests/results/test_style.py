"""The house style: colours that stay apart in grey, and a layout that keeps texts apart and legends off the data."""

import re
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from learnability.results import style
from learnability.results.legible import make_room
from tests.figures import faults

LONG = "A title that says at length what was found, with a formula $d = 2^k$ in it, and an interval [0.98, 1.02]"


def _luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def _lightness(colour: str) -> float:
    """CIE L*, 0 to 100."""
    y = _luminance(colour)
    return 116 * y ** (1 / 3) - 16 if y > 216 / 24389 else y * 24389 / 27


@pytest.mark.parametrize("colour", [*style.COLOURS, style.NEUTRAL, style.THEORY["color"], *style.ordered(6)])
def test_a_line_on_white_has_contrast(colour: str) -> None:
    assert 1.05 / (_luminance(colour) + 0.05) >= 3


def test_colours_differ_in_lightness() -> None:
    gaps = {pair: abs(_lightness(pair[0]) - _lightness(pair[1])) for pair in combinations(style.COLOURS, 2)}
    assert min(gaps.values()) >= 5.9, min(gaps, key=gaps.__getitem__)
    assert min(gaps[pair] for pair in combinations(style.COLOURS[:3], 2)) >= 12


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_ordered_colours_go_from_dark_to_light(count: int) -> None:
    lightness = [_lightness(colour) for colour in style.ordered(count)]
    assert lightness == sorted(lightness)
    assert len(set(lightness)) == count


def test_a_curve_has_its_band_in_its_colour() -> None:
    axes = style.new_figure()[1][0, 0]
    style.curve(axes, [1, 2], [[0.5, 0.4, 0.7], [0.6, 0.5, 0.8]], 9, "measured", marker="x")
    (line,), (band,) = axes.lines, axes.collections
    assert line.get_ydata().tolist() == [0.5, 0.6]
    assert (line.get_color(), line.get_marker(), line.get_label()) == (style.COLOURS[1], "x", "measured")
    assert mpl.colors.to_hex(band.get_facecolor()[0], keep_alpha=False).upper() == style.COLOURS[1]
    assert (band.get_datalim(axes.transData).y0, band.get_datalim(axes.transData).y1) == (0.4, 0.8)


def test_a_logarithmic_axis_is_labelled_at_the_chosen_values_alone() -> None:
    axes = style.new_figure()[1][0, 0]
    axes.plot([8, 0.5, 128], [1, 2, 3])
    style.log_ticks(axes, np.array([0.5, 8.0, 128.0]))
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5", "8", "128"]
    assert len(axes.get_xticks(minor=True)) == 0


def test_a_shared_legend_names_every_label_once() -> None:
    figure, axes = style.new_figure(1, 2)
    for panel, labels in zip(axes[0], (("a", "b"), ("b", "c")), strict=True):
        for label in labels:
            panel.plot([0, 1], label=label)
    style.shared_legend(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]


def _crowded() -> Figure:
    """Two panels with everything that goes wrong: long titles and labels, and a legend on the data."""
    figure, axes = style.new_figure(1, 2)
    x = np.linspace(0, 1, 50)
    for panel in axes[0]:
        for k in range(6):
            panel.plot(x, np.sin(9 * x + k), label=f"measurement {k}, median of 10")
        panel.set_title(LONG)
        panel.set_ylabel("a quantity with a name that is much longer than its axis is tall (flow time)")
        panel.legend(loc="upper right")
    return figure


def test_a_crowded_figure_is_laid_out_without_faults() -> None:
    with style.house_style():
        figure = _crowded()
        before = faults(figure)
        assert any("meets" in fault for fault in before)
        assert any("covers data" in fault for fault in before)
        assert any("leaves the page" in fault for fault in before)
        make_room(figure)
        assert faults(figure) == []
        assert " ".join(figure.axes[0].get_title(loc="left").split()) == LONG
        assert "$d = 2^k$" in figure.axes[0].get_title(loc="left")


def test_faults_of_size_type_and_content_are_found() -> None:
    with style.house_style():
        figure = Figure(figsize=(6.0, 2.0), layout="constrained")
        left, _, right = figure.subplots(1, 3)
        left.plot([1, 2], [1, 2])
        left.set_xlabel("number of tasks M", fontsize=6)
        right.plot([0, 1], [0, 1])
        found = " | ".join(faults(figure))
    for fault in ("6 inches wide", "in 6 points", "is empty", "between the integers"):
        assert fault in found


def test_integers_are_labelled_at_integers() -> None:
    with style.house_style():
        figure, axes = style.new_figure()
        axes[0, 0].plot([4, 6, 7], [0.1, 0.2, 0.3])
        axes[0, 0].axhline(0.25)
        axes[0, 0].set_xlabel("dimension d")
        assert any("between the integers" in fault for fault in faults(figure))
        make_room(figure)
        assert faults(figure) == []


def test_marks_on_bars_of_fractions_take_no_ticks_away() -> None:
    with style.house_style():
        figure, axes = style.new_figure()
        axes[0, 0].barh([0, 1], [0.3, 1.0])
        axes[0, 0].plot([1, 1], [0, 1], "k|")
        make_room(figure)
        assert any(0 < tick < 1 for tick in axes[0, 0].get_xticks())


def test_a_legend_stays_where_it_was_put_if_it_covers_nothing() -> None:
    with style.house_style():
        figure, axes = style.new_figure()
        axes[0, 0].plot([0, 1], [0, 1], label="rising")
        axes[0, 0].legend(loc="upper left")
        make_room(figure)
        box, panel = axes[0, 0].get_legend().get_window_extent(), axes[0, 0].get_window_extent()
    assert box.x1 < panel.x0 + 0.5 * panel.width
    assert box.y0 > panel.y0 + 0.5 * panel.height


def test_the_same_figure_is_laid_out_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with style.house_style():
            figure = _crowded()
            make_room(figure, "reduced size")
            figure.savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
    first = (tmp_path / "one.svg").read_text()
    assert first == (tmp_path / "two.svg").read_text()
    assert re.search("reduced size", first)


def test_the_place_of_a_panel_does_not_depend_on_where_the_solver_lies_in_memory() -> None:
    """The last bits of the layout differ between processes; the names of clips in an SVG are digests of all bits."""
    figure, axes = style.new_figure(2, 3, height=2.6)
    for panel in axes.ravel():
        panel.set(aspect="equal", xlabel="x", ylabel="y", title="a title that is long enough to break twice or more")
        panel.add_patch(mpl.patches.Rectangle((0.1, 0.1), 0.5, 0.5))
    make_room(figure)
    for panel in axes.ravel():
        points = panel.get_position(original=True).get_points()
        assert np.array_equal(points, np.round(points, 9))
