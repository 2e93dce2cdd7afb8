"""Test errors of the refitted second layer and of the kernel."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import THEORY, curve, new_figure, shared_legend
from learnability.studies.ridge_combinations.figures.curves import PLACES, error_curves


def draw(analyses: Analyses) -> Figure:
    """Refit errors, and the kernel with as many samples in all."""
    main, control = analyses["phase_two"], analyses["kernel_control"]
    names = ("trained ridge", "trained lasso", "oracle ridge", "random ridge")
    count = int(control["kernel_features"])
    figure, axes = new_figure(1, 2, height=3.3)
    for panel, analysis in zip(axes[0], (main, control), strict=True):
        error_curves(panel, analysis, names)
        kernel = analysis["kernel_samples"].values, analysis["kernel_l1"].values
        curve(panel, *kernel, PLACES["kernel ridge"], "kernel ridge")
    axes[0, 1].axvline(count, label=f"{count} cubics at d = {control.attrs['dimension']}", **THEORY)
    shared_legend(figure, columns=4)
    trained, random = (main["l1"].sel({"method": name}).values[-1, 0] for name in (names[0], names[3]))
    axes[0, 0].set_title(
        f"Error at d = {main.attrs['dimension']}, noisy labels:\n"
        f"trained neurons {trained:.2f}, random ones {random:.2f}"
    )
    by_kernel, network = (
        float(control["kernel_l1"].values[-1, 0]),
        float(control["l1"].sel({"method": names[0]}).values[-1, 0]),
    )
    total = int(control["kernel_samples"][-1])
    axes[0, 1].set_title(
        f"Error at d = {control.attrs['dimension']}, {total} samples each:\n"
        f"kernel {by_kernel:.2f}, network {network:.2f}"
    )
    return figure
