"""Every mistake in the config: one clear screen, non-zero exit, existing results untouched."""

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow
STUDY = "config/studies/demo.yaml"

MISTAKES = {
    "unknown key": (STUDY, "dimension: 5", "dimenson: 5", ["unknown key", "second", "dimenson"]),
    "negative dimension": (STUDY, "dimension: 5", "dimension: -5", ["dimension = -5", "at least 1"]),
    "number as text": (STUDY, "slope: 2.0", "slope: '1e-3'", ["slope = '1e-3' is text", "0.001"]),
    "not a number": (STUDY, "slope: 2.0", "slope: .nan", ["slope", "finite"]),
    "infinite": (STUDY, "slope: 2.0", "slope: .inf", ["slope", "finite"]),
    "empty seed list": (STUDY, "laptop: {seeds: 2, ", "laptop: {seeds: [], ", ["seeds = []", "a whole number"]),
    "no seeds": (STUDY, "laptop: {seeds: 2, ", "laptop: {seeds: 0, ", ["seeds = 0", "at least 1"]),
    "half a batch": (STUDY, "laptop: {seeds: 2, ", "laptop: {seeds: 3, ", ["multiple"]),
    "no batch": (STUDY, "laptop: {seeds: 2, seed_batch: 2}", "laptop: {seeds: 2}", ["seed_batch is missing"]),
    "empty sweep": (STUDY, "{dimension: [2, 3]}", "{dimension: []}", ["sweep over dimension is empty"]),
    "repeated setting": (STUDY, "{dimension: [2, 3]}", "{dimension: [2, 2]}", ["same setting twice"]),
    "unknown scale": ("config/config.yaml", "scale: laptop", "scale: huge", ["scale", "smoke", "laptop", "paper"]),
    "unknown study": ("config/config.yaml", "[demo]", "[demos]", ["demos", "demo"]),
    "unknown kind": (STUDY, "kind: walk\n    settings", "kind: run\n    settings", ["kind", "walk"]),
    "missing scale": (STUDY, "      laptop: {seeds: 2, seed_batch: 2}\n", "", ["laptop"]),
    "figure of nothing": (STUDY, "experiments: [first]", "experiments: [ninth]", ["ninth", "first, second"]),
    "key twice": (STUDY, "study: demo", "study: demo\nstudy: demo", ["given twice", "line"]),
    "broken YAML": (STUDY, "{dimension: [2, 3]}", "{dimension: [2, 3}", ["not valid YAML", "line"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_explained(project: Project, name: str) -> None:
    path, before, after, words = MISTAKES[name]
    results = project.contents()
    project.edit(path, lambda text: text.replace(before, after))
    for done in (project.launch(), project.snakemake("-n")):
        assert done.returncode not in (0, 1)
        message = done.stderr[done.stderr.index("learnability: error") :]
        assert "Traceback" not in message
        assert len(message.splitlines()) < 8
        for word in (path.rpartition("/")[2] if name != "unknown study" else "studies", *words, "remedy"):
            assert word in message, message
    assert project.contents() == results


def test_a_number_in_scientific_notation_without_a_point_is_a_number(project: Project) -> None:
    project.edit(STUDY, lambda text: text.replace("slope: 2.0", "slope: 2e0"))
    assert project.planned() == {}


def test_a_run_that_fails_is_named_and_the_others_go_on(fresh: Project) -> None:
    fresh.edit(
        "src/learnability/studies/demo/walk/train.py",
        lambda text: text.replace(
            "    step = 0", "    if setting.dimension == 3:\n        raise OSError('full')\n    step = 0"
        ),
    )
    done = fresh.launch()
    assert done.returncode == 1
    assert "OSError: full" in done.stdout
    assert "Results so far are kept" in done.stdout
    assert (fresh.folder / "results/laptop/demo/second/analysis.zarr.zip").exists()
