"""Who localised, by what the signs of the coefficients allow."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import share, variable
from learnability.studies.ridge_combinations.mixed_links.setting import MixedLinksSetting
from learnability.studies.ridge_combinations.mixed_links.theory import all_positive, any_negative, descends
from learnability.studies.ridge_combinations.ridge_target import links


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Neurons are independent starts of a flow without noise: all of them are trials."""
    setting, result = only(runs, MixedLinksSetting)
    p = setting.target.information_exponent
    link = links(setting.target)[0]
    student = result["student"].values.reshape(-1, len(link)).astype(float)
    localised = result["largest"].values.ravel() > 0.9
    patterns, which = np.unique(student, axis=0, return_inverse=True)
    allowed = np.array([descends(c, link, p) for c in patterns])
    positive = np.array([all_positive(c, link, p) for c in patterns])
    opposed = np.array([any_negative(c, link, p) for c in patterns])
    leads = patterns[:, p] != 0 if p % 2 else patterns[:, p] * link[p] > 0
    count, done = (np.bincount(which, weights=w, minlength=len(patterns)) for w in (np.ones(len(which)), localised))
    leading = leads[which]  # of the others R says nothing: they have no sign in which the leading degree grows
    wrong, agrees = leading & ~allowed[which], leading & (localised == allowed[which])
    data = {
        "localised": share((), localised.sum(), len(localised), "fraction of neurons above 0.9"),
        "agreement": share((), agrees.sum(), leading.sum(), "fraction that does as R(k) says, leading degree grows"),
        "wrong_sign": share((), (localised & wrong).sum(), wrong.sum(), "fraction localised where R(k) has a zero"),
        "not_needed": share((), (localised & ~positive[which]).sum(), localised.sum(), "fraction of those localised"),
        "opposed": share((), (localised & opposed[which]).sum(), localised.sum(), "fraction of those localised"),
        "by_pattern": share("pattern", done, count, "fraction of neurons above 0.9, by coefficients"),
        "pattern_coefficients": variable(("pattern", "degree"), patterns, "student coefficients"),
        "allowed": variable("pattern", allowed.astype(np.int8), "R(k) > 0 on (0, 1)"),
        "expected": variable((), float(allowed.mean()), "share of the patterns with R(k) > 0 on (0, 1)"),
        "condition": variable((), float(positive.mean()), "share of the patterns with all products positive"),
    }
    return xr.Dataset(data, attrs={"seeds": result.sizes["seed"], "information_exponent": p, "degree": len(link) - 1})
