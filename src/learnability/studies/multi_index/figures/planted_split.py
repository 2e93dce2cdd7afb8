"""How the planted flow ends, link by link."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, DOUBLE, NEUTRAL, SMALL, new_figure
from learnability.studies.multi_index.figures.text import power_of_ten, short

_SCANS = ("rank", "mixture")
_PARTS = (
    ("success", "reaches the target", "#E8E8E8", ""),
    ("frozen", "frozen at the equator", COLOURS[0], ""),
    ("wrong_frame", "subspace found, wrong frame", COLOURS[4], "///"),
    ("rank_deficient", "rank-deficient", COLOURS[1], "..."),
    ("unfinished", "unfinished", COLOURS[6], ""),
)


def draw(analyses: Analyses) -> Figure:
    """How the planted flow ends, link by link, with the joint flow's success beside it."""
    whole = analyses["landscape"]
    rows = [i for i, family in enumerate(texts(whole["family"])) if family not in _SCANS][::-1]
    data = whole.isel(case=rows)
    families = texts(data["family"])
    # Links of one family stand together, under its name.
    ends = [i for i, family in enumerate(families) if family not in families[i + 1 :]]
    place = np.arange(len(rows)) + [sum(end < i for end in ends) for i in range(len(rows))]
    heads = place[ends] + 1
    figure, ((axes,),) = new_figure(1, 1, width=DOUBLE, height=max(2.4, 0.22 * heads[-1] + 1.3))
    left = np.zeros(len(rows))
    planted = data.sel(flow="planted")
    success, _, most = bounds_of(planted["success"])
    for name, label, colour, hatch in _PARTS:
        width = (success if name == "success" else planted[name]).values
        if not width.any():
            continue
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4, "height": 0.74}
        axes.barh(place, width, left=left, label=f"planted: {label}", **look)
        left += width
    joint = bounds_of(data["success"].sel(flow="joint"))[0]
    axes.plot(joint, place, "k|", markersize=8, markeredgewidth=2, label="joint: reaches the target")
    axes.set_yticks(place, [short(link) for link in texts(data["link"])], linespacing=1.0)
    for head, end in zip(heads, ends, strict=True):
        said = families[end].replace("_", " ")
        axes.text(0.005, head - 0.1, said, fontsize=SMALL, color=NEUTRAL, verticalalignment="center")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set(xlabel="fraction of starts", xlim=(0, 1.01), ylim=(-0.6, heads[-1] + 0.4))
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=3)
    trapped = int((most < 0.99).sum())
    dimension, trials = power_of_ten(float(data["dimension"][0])), int(data["trials"].max())
    stuck = f"the planted flow is trapped for {trapped} of {len(rows)} links"
    least = float(joint.min())
    share = "every start" if least == 1 else f"at least {100 * least:.1f} % of the starts"
    axes.set_title(f"d = {dimension}, {trials} starts a link: {stuck},\nthe joint flow succeeds from {share}")
    return figure
