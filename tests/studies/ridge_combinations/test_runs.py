"""Small runs of the study: hitting times, engines by dimension, resumption, regressions, phase two."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from learnability.results.status import Status
from learnability.results.contract import Experiment, Run
from learnability.studies.ridge_combinations import regressions, settings
from learnability.studies.ridge_combinations.analyse import _tasks_found, analyse
from learnability.studies.ridge_combinations.localisation import hitting_times
from learnability.studies.ridge_combinations.phase_one import choose_engine, directions, label_function
from learnability.studies.ridge_combinations.phase_two import _trained_weights
from learnability.studies.ridge_combinations.regressions import Samples, kernel_ridge, lasso, prepared, ridge
from learnability.studies.ridge_combinations.targets import build
from learnability.studies.ridge_combinations.train import train


class Stop(Exception):
    """Raised by a checkpoint to end a job in its middle."""


@dataclass
class Memory:
    """A checkpoint in memory that ends the job after its n-th save."""

    ends: int = -1
    stored: dict | None = None

    def load(self):
        return self.stored

    def due(self):
        return self.ends != -1

    def save(self, state):
        self.stored = {key: np.array(value) for key, value in state.items()}
        self.ends -= 1
        if self.ends == 0:
            raise Stop


@dataclass
class Context:
    seeds: range = range(3)
    device: str = "cpu"
    checkpoint: Memory = field(default_factory=Memory)

    def stream(self, name):
        return np.random.default_rng([7, *name.encode()])

    def progress(self, done, total, message=""):
        pass


def small_localisation(**more):
    phase = {"neurons": 4, "bias": -1.0, "signs": 1, "horizon": 2.0, "steps": 128, **more}
    return settings.LocalisationSetting(
        target=settings.RidgeTarget(tasks=2), dimensions=(16, 100), phase_one=settings.PhaseOne(**phase), saved=10
    )


def test_hitting_times_interpolate():
    samples = np.array([0.0, 10.0, 20.0])
    values = np.array([[0.0, 0.6, 0.0], [0.25, 0.7, 0.1], [0.75, 0.8, 0.2]])
    assert hitting_times(samples, values, 0.5).tolist() == [15.0, 0.0, np.inf]


def test_a_job_that_is_killed_in_the_middle_gives_the_same_bytes():
    setting = small_localisation(neurons=64)
    target = build(setting.target, np.random.default_rng(0))
    whole = train(setting, target, Context())
    checkpoint = Memory(ends=3)
    with pytest.raises(Stop):
        train(setting, target, Context(checkpoint=checkpoint))
    resumed = train(setting, target, Context(checkpoint=Memory(stored=checkpoint.stored)))
    assert whole.identical(resumed)
    assert whole.attrs["engines"] == '["full", "decoupled"]'


def test_engines_are_chosen_by_cost_and_may_be_forced():
    phase = settings.PhaseOne(neurons=4, horizon=1.0)
    assert choose_engine(phase, 16, 64) == "decoupled"
    assert choose_engine(phase, 16, 17) == "full"  # no room for the chain
    assert choose_engine(phase.model_copy(update={"neurons": 1000}), 32, 64) == "full"
    assert choose_engine(phase, 8, 1000) == "decoupled"
    assert choose_engine(phase.model_copy(update={"engine": "full"}), 8, 1000) == "full"
    assert choose_engine(phase.model_copy(update={"matched_above": 500}), 8, 1000) == "matched"


def test_directions_have_the_gram_matrix():
    gram = np.array([[1.0, 0.3], [0.3, 1.0]])
    v = directions(gram, 5)
    torch.testing.assert_close(v @ v.T, torch.as_tensor(gram))


def test_label_of_unequal_links():
    link = np.array([[0, 0, 0, 1.0, 0], [0, 0, 0, 0.6, 0.8]])
    t = torch.randn(10, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x, y = t[:, 0], t[:, 1]
    h3 = [(z**3 - 3 * z) / 6**0.5 for z in (x, y)]
    h4 = (y**4 - 6 * y**2 + 3) / 24**0.5
    torch.testing.assert_close(label_function(link)(t), (h3[0] + 0.6 * h3[1] + 0.8 * h4) / 2**0.5)


def test_sgd_localises_on_the_tasks():
    """16 M d^2 samples at d = 16: most neurons end on one direction, and T50 is a few times M d^2."""
    setting = small_localisation(neurons=32, horizon=16.0, steps=1024, decay=True)
    setting = setting.model_copy(update={"dimensions": (24,)})
    target = build(setting.target, np.random.default_rng(0))
    result = train(setting, target, Context())
    analysis = analyse(Experiment("x", "localisation"), [Run(setting, target, result)], np.random.default_rng(0))
    assert float(analysis["localised"].values[0, 0, 0]) > 0.8
    assert 1 < float(analysis["scaled_half_time"].values[0, 0, 0]) < 10


def test_numbers_of_tasks_in_one_job_are_runs_of_their_own():
    """Each is the run whose target has so many tasks (the first links and their block of the Gram matrix), from the
    same streams; one job or several, they meet in one analysis."""
    many = settings.RidgeTarget(tasks=3, coherences=(0.2,), strength_ratio=2.0)
    setting = small_localisation(horizon=8.0).model_copy(update={"target": many, "tasks": (3, 2), "dimensions": (16,)})
    target = build(many, np.random.default_rng(0))
    together = train(setting, target, Context())
    assert together["tasks"].values.tolist() == [3, 2]
    few = many.model_copy(update={"tasks": 2})

    class Renamed(Context):
        def stream(self, name):
            return super().stream(name.replace("/", "/2/"))

    alone = setting.model_copy(update={"target": few, "tasks": ()})
    alone = train(alone, build(few, np.random.default_rng(0)), Renamed())
    assert together.sel(tasks=[2]).drop_attrs().identical(alone.drop_attrs())
    parts = [setting.model_copy(update={"tasks": (m,)}) for m in (2, 3)]
    runs = [Run(part, target, train(part, target, Context())) for part in parts]
    experiment = Experiment("x", "localisation")
    first = analyse(experiment, runs, np.random.default_rng(0))
    second = analyse(experiment, [Run(setting, target, together)], np.random.default_rng(0))
    assert first.identical(second)
    assert first["tasks"].values.tolist() == [2, 3]
    names = first["engine"].attrs["flag_meanings"].split()
    assert [names[code] for code in np.unique(first["engine"])] == json.loads(together.attrs["engines"])


def test_a_task_is_found_once_however_many_neurons_are_on_it():
    largest = np.array([[[0.95, 0.99, 0.5, 0.92], [0.1, 0.95, 0.2, 0.3], [0.1, 0.2, 0.2, np.nan]]])
    task = np.array([[[2, 2, 1, 0], [3, 0, 1, 2], [0, 0, 0, 0]]])
    np.testing.assert_array_equal(_tasks_found(largest, task), [[2, 1, np.nan]])


def linear_samples(count, rng):
    x = rng.standard_normal((count, 12))
    return Samples(x, x[:, 0] - 2 * x[:, 3] + 0.5)


def test_regressions_recover_a_linear_label():
    rng = np.random.default_rng(0)
    sets = prepared(linear_samples(200, rng)), linear_samples(200, rng), linear_samples(200, rng)
    assert ridge(*sets).l1 < 1e-3
    assert lasso(*sets).l1 < 0.02
    assert lasso(*sets).nonzero == 2


def test_regressions_agree_with_scikit_learn(monkeypatch):
    """One penalty, features of unequal means and scales, noisy labels: the same test error as its pipelines."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Lasso, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(3)

    def samples(count):
        x = rng.standard_normal((count, 6)) * [1, 5, 0.2, 1, 3, 1] + [0, 1, -2, 0, 7, 0]
        return Samples(x, x[:, 0] + 3 * x[:, 2] ** 2 + rng.standard_normal(count))

    train, validation, test = samples(80), samples(50), samples(300)
    monkeypatch.setattr(regressions, "RIDGE_PENALTIES", np.array([0.3]))
    monkeypatch.setattr(regressions, "LASSO_PENALTIES", np.array([0.1]))
    monkeypatch.setattr(regressions, "KERNEL_PENALTIES", (0.05,))
    centre = train.labels.mean()
    models = {
        ridge: make_pipeline(StandardScaler(), Ridge(alpha=0.3 * 80)),
        lasso: make_pipeline(StandardScaler(), Lasso(alpha=0.1, tol=1e-8)),
    }
    for regression, model in models.items():
        predicted = model.fit(train.inputs, train.labels).predict(test.inputs)
        assert regression(prepared(train), validation, test).l1 == pytest.approx(
            np.abs(predicted - test.labels).mean(), rel=1e-3
        )
    model = KernelRidge(alpha=0.05, kernel="poly", degree=3, gamma=1 / 6, coef0=1.0)
    predicted = model.fit(train.inputs, train.labels - centre).predict(test.inputs) + centre
    expected = np.abs(predicted - test.labels).mean()
    assert kernel_ridge(train, validation, test, 3).l1 == pytest.approx(expected, rel=1e-6)


def test_a_cubic_kernel_is_exact_from_as_many_samples_as_cubics():
    """d = 4 has 35 cubic polynomials: 30 samples leave an error, 60 do not."""
    rng = np.random.default_rng(0)

    def samples(count):
        x = rng.standard_normal((count, 4))
        return Samples(x, x[:, 0] ** 3 - 3 * x[:, 1])

    test = samples(300)
    assert kernel_ridge(samples(60), samples(100), test, 3).l1 < 1e-2
    assert kernel_ridge(samples(20), samples(100), test, 3).l1 > 0.2


def phase_two_setting(**phase):
    return settings.PhaseTwoSetting(
        target=settings.RidgeTarget(tasks=3, coherences=(0.2,)),
        dimension=9,
        phase_one=settings.PhaseOne(neurons=12, horizon=2.0, steps=32, **phase),
        samples=(60,),
        test_samples=200,
    )


def test_phase_two_rebuilds_the_weights_of_a_chain():
    """In R^d they have unit length and, against coherent directions, the alignments with which the chain ended."""
    setting = phase_two_setting(engine="decoupled")
    target = build(setting.target, np.random.default_rng(0))
    arrays = _trained_weights(setting, target, Context(), None)
    frame = directions(target["gram"].values[0], 9).numpy()
    np.testing.assert_allclose(np.linalg.norm(arrays["weights"], axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(arrays["weights"] @ frame.T, arrays["alignment"], atol=1e-5)
    assert np.isfinite(train(setting, target, Context())["l1"].values[..., :5]).all()


def test_a_step_size_that_diverges_is_recorded_and_counts_as_nothing():
    """Spherical steps diverge only where they overflow, those of the control sooner: a status, NaN, and no zero
    that could support a claim.
    """
    for setting in (small_localisation(relative_step=1e42), phase_two_setting(relative_step=1e42)):
        target = build(setting.target, np.random.default_rng(0))
        result = train(setting, target, Context())
        assert (result["status"].values == Status.DIVERGED).all()
        kind = "phase_two" if isinstance(setting, settings.PhaseTwoSetting) else "localisation"
        analysis = analyse(Experiment("x", kind), [Run(setting, target, result)], np.random.default_rng(0))
        assert np.isnan(analysis["localised"].values).all()
    figure = settings.FigureOneSetting(
        target=settings.RidgeTarget(tasks=3, unnormalised=True), dimension=8, neurons=4, samples=2000, step=1e9, saved=3
    )
    target = build(figure.target, np.random.default_rng(0))
    result = train(figure, target, Context())
    assert (result["status"].values[:, -1] == Status.DIVERGED).all()
    analysis = analyse(Experiment("x", "figure_one"), [Run(figure, target, result)], np.random.default_rng(0))
    assert np.isnan(analysis["control"].values[-1]).all()


@pytest.mark.parametrize(
    ("kind", "over", "message"),
    [
        ("localisation", {"dimensions": [4]}, "below the number of tasks"),
        ("localisation", {"tasks": [2, 9]}, "tasks = 9 is no number of tasks of the target: it has 8"),
        ("localisation", {"tasks": [2, 4, 2]}, "names a number twice"),
        ("localisation", {"phase_one": {"matched_above": 2}}, "tasks \\+ 2 = 10, not 9"),
        ("localisation", {"phase_one": {"engine": "decoupled"}}, "tasks \\+ 2 = 10, not 9"),
        ("localisation", {"phase_one": {"engine": "full", "matched_above": 2}}, "exclude each other"),
        ("localisation", {"target": {"input": "sign"}}, "isotropic Gaussian input"),
        ("engines", {"dimension": 11}, "number of overlaps"),
        ("phase_two", {"dimension": 9, "samples": [10], "subset": 9}, "exceeds the number of tasks"),
        ("coherence", {"dimension": 7}, "below the number of tasks"),
        ("width", {"tasks": [2, 20], "dimension": 20, "neurons": 16}, "must exceed every number of tasks"),
        ("figure_one", {"target": {"unnormalised": True}, "dimension": 7, "neurons": 4}, "below the number of tasks"),
    ],
)
def test_impossible_combinations_are_named_before_the_run(kind, over, message):
    content = {"target": {"tasks": 8, **over.get("target", {})}}
    if kind in ("localisation", "phase_two", "coherence"):
        content["phase_one"] = {"neurons": 4, "horizon": 1.0, **over.get("phase_one", {})}
    if kind == "localisation":
        content["dimensions"] = [9]
    content |= {key: value for key, value in over.items() if key not in ("target", "phase_one")}
    with pytest.raises(ValueError, match=message):
        settings.KINDS[kind].model_validate_json(json.dumps(content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (
            "figure_one",
            {"target": {"tasks": 3, "unnormalised": True}, "dimension": 8, "neurons": 4, "samples": 300, "saved": 3},
        ),
        ("engines", {"target": {"tasks": 2}, "dimension": 12, "steps": 16, "saved": 3}),
        ("width", {"target": {"tasks": 4}, "tasks": [2, 4], "neurons": 16}),
        (
            "coherence",
            {
                "target": {"tasks": 3, "coherences": [0.0, 0.4]},
                "dimension": 12,
                "phase_one": {"neurons": 4, "bias": -1.0, "horizon": 2.0, "steps": 32},
            },
        ),
        (
            "phase_two",
            {
                "target": {"tasks": 2},
                "dimension": 8,
                "phase_one": {"neurons": 12, "horizon": 2.0, "steps": 32},
                "samples": [60],
                "kernel_samples": [50],
                "test_samples": 200,
                "subset": 1,
                "new_link": [0, 0, 0, 0, 1],
            },
        ),
    ],
)
def test_every_kind_runs_twice_to_the_same_bytes_and_is_analysed(kind, content):
    setting = settings.KINDS[kind].model_validate_json(json.dumps(content))
    target = build(setting.target, np.random.default_rng(0))
    first, second = (train(setting, target, Context()) for _ in range(2))
    assert first.identical(second)
    for name, variable in first.data_vars.items():
        assert {"units", "long_name"} <= variable.attrs.keys(), name
        assert variable.dtype.kind in "iuf", name
    analysis = analyse(Experiment("x", kind), [Run(setting, target, first)], np.random.default_rng(0))
    for name, variable in analysis.data_vars.items():
        assert {"units", "long_name"} <= variable.attrs.keys(), name
