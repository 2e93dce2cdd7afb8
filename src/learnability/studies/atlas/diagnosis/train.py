"""The diagnosis of one target; nothing is drawn."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.atlas.diagnosis.setting import DiagnosisSetting
from learnability.studies.atlas.problem import diagnosis_of


def train(setting: DiagnosisSetting, context: RunContext) -> xr.Dataset:
    """Exponents, leaps and traps of the target, and every row of its diagnosis with how it is known and its source."""
    found = diagnosis_of(setting.target)
    rows = found.rows()
    labels = {
        "row": "what is asked",
        "answer": "what is found",
        "known": "how it is known: exact, quadrature, measured, or undecided",
        "source": "where the statement comes from",
    }
    columns = zip(labels.items(), zip(*rows, strict=True), strict=True)
    numbers = {
        "intrinsic_dimension": (found.intrinsic_dimension, "number of directions that the target depends on"),
        "information_exponent": (found.information_exponent, "first correlational leap"),
        "leap": (found.leap, "largest correlational leap that was found"),
        "unseen": (found.correlational.unseen.shape[1], "directions whose correlational leap was not found"),
        "generative_exponent": (found.generative_exponent or -1, "first generative leap; -1 where none was found"),
        "generative_leap": (found.generative_leap or -1, "largest generative leap; -1 where it is not known"),
        "reflective_dimension": (found.reflective_subspace.shape[1], "dimension of the largest reflective subspace"),
        "loss_floor": (found.loss_floor, "loss left when all outside the reflective subspace is learned"),
        "reflective_doubt": (
            found.counted_as_zero,
            "what was counted as zero, beyond rounding, where directions were found to be trapped",
        ),
        "least_loss_floor": (
            found.loss_floor if found.least_loss_floor is None else found.least_loss_floor,
            "lower bound of the loss floor",
        ),
        "deciding_share": (found.deciding_share, "least share of the variance by which a direction joins a leap"),
        "variance": (found.norm**2 - found.mean**2, "variance of the target"),
        "label_noise": (found.label_noise, "standard deviation of the noise of a label"),
        "beyond_links": (
            0.0 if found.function is None else found.function.beyond_links(),
            "share of the law of a link's argument beyond its points",
        ),
    }
    return xr.Dataset(
        {
            **{name: variable((), value, meaning) for name, (value, meaning) in numbers.items()},
            "certain": variable(
                (), found.generative.exactness == "exact", "whether every generative leap is certified"
            ),
            "entry": variable("seed", np.zeros(len(context.seeds)), "one entry: nothing is drawn"),
        },
        coords={name: names("row", texts, meaning) for (name, meaning), texts in columns},
    )
