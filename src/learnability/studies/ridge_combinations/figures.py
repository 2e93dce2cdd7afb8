"""The figures by name; those of phase I and those of what it is worth stand in modules of their own."""

from learnability.studies.ridge_combinations import figures_features, figures_sgd

FIGURES = {
    "figure_one": figures_sgd.figure_one,
    "alignment_history": figures_sgd.alignment_history,
    "scaling": figures_sgd.scaling,
    "engines": figures_sgd.engines,
    "coverage": figures_features.coverage,
    "phase_two": figures_features.phase_two,
    "fine_tuning": figures_features.fine_tuning,
    "coherence": figures_features.coherence,
    "superorthogonal": figures_features.superorthogonal,
    "cost": figures_sgd.cost,
}
