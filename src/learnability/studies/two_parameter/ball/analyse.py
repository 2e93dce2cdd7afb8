"""Analysis: how near the flows to targets of each model's ball come to leaving the disc, and to their targets."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import share, texts, variable
from learnability.studies.two_parameter.ball.setting import BallSetting
from learnability.studies.two_parameter.hierarchy.outcome import UNRESOLVED, FlowStatus
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.obstructions import CLEARANCE

EXACT = 1e-6
"""A flow of an elementary model has learned its target when it comes this close."""
HIERARCHICAL = "hierarchical"


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """Reach, clearance and learned fraction for every model of the one setting.

    The distance of a target from the image of the disc is at least ``clearance``, by construction of the ball.
    """
    setting, result = only(runs, BallSetting)
    distance, reach, status = result.distance.values, result.reach.values, result.status.values
    precision = Hierarchy(3, setting.target.depth, (setting.target.rho,)).precision
    through = np.array(texts(result.model)) == HIERARCHICAL
    hits = np.where(through, (status == FlowStatus.REACHED_END) & (distance <= precision), distance <= EXACT).sum(
        axis=0
    )
    open_ = np.isin(status, UNRESOLVED).sum(axis=0)
    clearance = result.radius.values * CLEARANCE
    known = result[["radius", "disc", "centre"]].drop_attrs(deep=False)
    return known.assign(
        learned=share("model", hits, len(distance), "fraction learned in the ball", "Wilson", open_),
        unresolved=variable("model", open_, "flows that the solver did not finish"),
        clearance=variable("model", clearance, "least distance of a target from the image of the disc"),
        least_distance=variable("model", distance.min(axis=0), "least final distance in the ball"),
        largest_reach=variable("model", reach.max(axis=0), "largest final |w| / radius of the disc"),
        targets=variable((), len(distance), "number of targets"),
    )
