"""Who localised in the paper's Figure 1, over time and by label, and the pictures of one network."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import Dims, estimate, over_seeds, share, variable
from learnability.studies.ridge_combinations.alignments import above, localised_only, top_two


def _pooled(dims: Dims, alone: np.ndarray, long_name: str) -> xr.Variable:
    """Share of the neurons of all seeds, (seed, ..., neuron), on the streams of samples that the seeds drew.

    Neurons of one seed see the same samples and do not interact: given these they are independent, with one probability
    a seed. Of a sum of such trials the upper end of the binomial interval is conservative (Hoeffding 1956). It says
    nothing of streams that were not drawn.
    """
    said = f"{long_name}, neurons of all seeds on the samples that were drawn"
    return share(dims, alone.sum((0, -1)), alone.shape[0] * alone.shape[-1], said)


def _most(alone: np.ndarray, long_name: str) -> xr.Variable:
    """The largest share of a network, (seed, neuron). The squared loss couples its neurons: they are no trials, and a
    few networks that were run have no interval."""
    largest = alone.mean(-1).max()
    return estimate((), largest, largest, largest, long_name, "none: the largest of the networks that were run")


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Fractions over seeds; the scatter and the heat map are pictures of single networks: those of the first seed."""
    _, result = only(runs, Setting)
    alignment, control = result["alignment"].values, result["control_alignment"].values
    alone = localised_only(*top_two(alignment)).mean(-1)
    grown = above(top_two(alignment)[0], 0.5).mean(-1)
    control_alone = localised_only(*top_two(control)).mean(-1)
    kept, first = ("variant", "time"), alignment[0, 0]
    data = {
        "localised": over_seeds(np.mean, kept, alone, rng, "fraction of neurons on one direction"),
        "localised_last": _pooled(
            "variant", localised_only(*top_two(alignment[:, :, -1])), "fraction on one direction"
        ),
        "localised_neurons": variable(
            ("seed", "variant"),
            localised_only(*top_two(alignment[:, :, -1])).sum(-1),
            "neurons on one direction at the end, of each seed; NaN where the steps diverged",
            "neurons",
        ),
        "control_most": _most(
            localised_only(*top_two(control[:, -1])), "largest fraction on one direction, NTK scaling"
        ),
        "grown": over_seeds(np.mean, kept, grown, rng, "fraction of neurons above 0.5"),
        "control": over_seeds(np.mean, "moment", control_alone, rng, "fraction on one direction in the NTK scaling"),
        "samples": variable("time", result["time"].values, "samples seen", "samples"),
        "scatter": variable(("moment", "neuron", "task"), first[[0, -1]], "<w_j, v_m> before and after"),
        "control_scatter": variable(
            ("moment", "control_neuron", "task"), control[0], "<w_j, v_m> / |w_j| of the control before and after"
        ),
        "history": variable(("time", "neuron", "task"), np.abs(first), "|<w_j, v_m>| over time"),
        "bias": variable("neuron", result["bias"].values[0], "bias of the neuron"),
    }
    coords = {name: result[name].variable for name in ("variant", "moment")}
    return xr.Dataset(data, coords, {"seeds": result.sizes["seed"], "neurons": result.sizes["neuron"]})
