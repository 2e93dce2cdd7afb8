"""Who localised in the paper's Figure 1, over time and by label, and the pictures of one network."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import Dims, over_seeds, share, variable
from learnability.studies.ridge_combinations.alignments import above, localised_only, top_two


def _pooled(dims: Dims, alone: np.ndarray, long_name: str) -> xr.Variable:
    """Share of the neurons of all seeds, (seed, ..., neuron): those of one seed share their data, and nothing else."""
    return share(dims, alone.sum((0, -1)), alone.shape[0] * alone.shape[-1], f"{long_name}, neurons of all seeds")


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
        "control_last": _pooled((), localised_only(*top_two(control[:, -1])), "fraction on one direction, NTK scaling"),
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
