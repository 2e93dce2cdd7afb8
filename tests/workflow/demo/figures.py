from learnability.studies.style import new_figure


def means(analyses):
    figure, axes = new_figure()
    for dataset in analyses.values():
        axes[0, 0].plot(dataset["dimension"], dataset["mean"])
    return figure


FIGURES = {"means": means}
