"""Questions: how they are read, planned and kept apart from studies."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learnability.asking import ask, question_of
from learnability.hermite.function_target import FunctionTarget, Link
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.questions import (
    LinkTable,
    Question,
    as_study,
    name_of,
    question_names,
    read_question,
    write_question,
)
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[2]


def test_a_sweep_gives_every_combination_once() -> None:
    question = Question(targets=("h2(z1) + c*h3(z2)", "h1(z1)"), sweep={"c": (0.0, -0.5, 1.0)})
    assert question.texts == ("h2(z1) + 0*h3(z2)", "h2(z1) + (-0.5)*h3(z2)", "h2(z1) + 1*h3(z2)", "h1(z1)")


def test_a_coefficient_inside_a_name_is_left_alone() -> None:
    assert Question(targets=("c*h2(z1) + cos(z1)",), sweep={"c": (2.0,)}).texts == ("2*h2(z1) + cos(z1)",)


@pytest.mark.parametrize(("count", "fits"), [(40, True), (150, False)])
def test_targets_that_no_command_holds_are_refused(count: int, fits: bool, tmp_path: Path) -> None:
    """All targets stand in the command of an analysis, which no system takes beyond 131,072 bytes."""
    text = " + ".join(["c*h2(z1)"] * 120)

    def question() -> Question:
        return question_of([text], sweep={"c": [1 + i / 8 for i in range(count)]}, check=True)

    if not fits:
        with pytest.raises(UserError, match=f"{count} targets, with about"):
            question()
        return
    (tmp_path / "config.yaml").write_text("root_seed: 1\nstudies: [atlas]\n")
    for name in ("questions", "studies"):
        (tmp_path / name).mkdir()
    (tmp_path / "studies/atlas.yaml").write_bytes((ROOT / "config/studies/atlas.yaml").read_bytes())
    write_question(tmp_path / "questions", "long", question())
    table = JobTable(tmp_path)
    for name in table.question("long").experiments:
        paths = table.train_paths("long", name, "questions")
        assert len(" ".join([*paths, table.analysis_job("long", name, "questions")])) < 120_000


def test_a_coefficient_that_no_target_names_is_refused() -> None:
    with pytest.raises(ValueError, match="no target names the coefficient b"):
        Question(targets=("h2(z1)",), sweep={"b": (1.0,)})


def test_a_question_survives_its_file(tmp_path: Path) -> None:
    question = Question(targets=("h2(z1) + c*h3(z2)",), sweep={"c": (0.0, 0.1, 1.0)}, dimension=200, check=True)
    name = name_of(question)
    write_question(tmp_path, name, question)
    assert read_question(tmp_path, name) == question
    assert question_names(tmp_path) == (name,)


def test_a_file_that_a_person_wrote_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text('targets: ["h2(z1)"]\n')
    assert write_question(tmp_path, "mine", Question(targets=("h2(z1)",))).is_file()
    with pytest.raises(UserError, match="written by hand"):
        write_question(tmp_path, "mine", Question(targets=("h3(z1)",)))


def test_a_question_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_question(tmp_path, "q", Question(targets=("z1",)))
    before = (tmp_path / "q.yaml").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_question(tmp_path, "q", Question(targets=("z1", "z1^2")))
    assert (tmp_path / "q.yaml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["q.yaml"]


def test_names_tell_targets_apart() -> None:
    texts = ("h2(z1) + h3(z2)", "h2(z1) - h3(z2)", "h2(z1)*h3(z2)", "sign(z1*z2*z3)")
    assert len({name_of(Question(targets=(text,))) for text in texts}) == len(texts)


def test_a_question_is_planned_from_kinds_of_the_atlas(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    (folder / "questions").mkdir(parents=True)
    (folder / "studies").symlink_to(ROOT / "config/studies")
    (folder / "config.yaml").write_text((ROOT / "config/config.yaml").read_text())
    write_question(folder / "questions", "two", Question(targets=("h2(z1)", "h3(z1)")))
    (folder / "questions/broken.yaml").write_text("targets: []\n")
    table = JobTable(folder, {"studies": "multi_index"})
    paths = table.question_paths("two")
    assert "results/questions/two/index.html" in paths
    assert all(path.startswith("results/questions/two/") for path in paths)
    assert not any("questions" in path for path in table.study_paths("multi_index", "laptop"))
    assert '"study":"atlas"' in table.analysis_job("two", "times", "laptop")
    asked: Any = "questions"
    assert table.priority("two", ["times"], asked, "train") == 90
    parts = [path.split("/") for path in paths if "/train/" in path]
    assert parts
    for *_, name, _, setting, seeds in parts:
        first, last = map(int, seeds.removeprefix("seeds").removesuffix(".zarr.zip").split("-"))
        assert 0 < table.train_priority("two", name, asked, setting, first, last) <= 90
    with pytest.raises(UserError, match=r"broken\.yaml"):
        table.question_paths("broken")


def test_a_question_with_the_name_of_a_study_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    (folder / "questions").mkdir(parents=True)
    (folder / "studies").symlink_to(ROOT / "config/studies")
    (folder / "config.yaml").write_text((ROOT / "config/config.yaml").read_text())
    (folder / "questions/multi_index.yaml").write_text('targets: ["h2(z1)"]\n')
    with pytest.raises(UserError, match="name of a study"):
        JobTable(folder)


def test_every_experiment_of_a_question_is_drawn() -> None:
    study = as_study(Question(targets=("h2(z1)",), check=True))
    assert set(study.figures["answer"].experiments) == set(study.experiments)


def test_a_small_dimension_is_refused_in_directions() -> None:
    with pytest.raises(UserError, match="too small for a target of 5 directions"):
        question_of(["z1*z2*z3*z4*z5"], dimension=3)
    with pytest.raises(UserError, match="of 1 direction"):
        question_of(["(0.6*z1 + 0.8*z2)^2"], dimension=19)


def test_a_callable_of_several_variables_is_diagnosed() -> None:
    """z1 z2 is one leap of two directions."""
    product = FunctionTarget.from_callable(lambda z: z[..., 0] * z[..., 1], 2, "mine")
    (answer,) = ask(product).answers
    assert answer.target == "mine"
    assert dict(row[:2] for row in answer.diagnosis)["information exponent"].startswith("2")
    assert not answer.times
    assert "callables of several variables" in answer.open_points[0]


def _link(points: int = 21) -> Link:
    z = np.linspace(-6, 6, points)
    return Link(tuple(z.tolist()), tuple(np.tanh(z).tolist()))


def test_a_question_with_links_and_noise_survives_its_file_and_names_them_apart(tmp_path: Path) -> None:
    links = {"g": LinkTable.of(_link()), "f": LinkTable.of(_link(33))}
    question = Question(targets=("g(z1) + c*f(z2)",), sweep={"c": (0.5, 2.0)}, links=links, label_noise=0.3)
    write_question(tmp_path, "linked", question)
    assert read_question(tmp_path, "linked") == question
    others = Question(targets=question.targets, sweep=question.sweep, links=links)
    assert len({name_of(question), name_of(others)}) == 2


def test_the_settings_of_a_target_hold_the_links_that_it_applies() -> None:
    links = {"g": LinkTable.of(_link()), "f": LinkTable.of(_link(33))}
    study = as_study(Question(targets=("g(z1)", "h1(z1) + f(z2)", "h2(z1)"), links=links, label_noise=0.3))
    targets = study.experiments["times"].sweep["target"]
    assert [[one["name"] for one in target.get("links", [])] for target in targets] == [["g"], ["f"], []]
    assert all(target["label_noise"] == 0.3 for target in targets)
    assert tuple(targets[0]["links"][0]["values"]) == _link().values


def test_a_question_names_the_file_of_a_link(tmp_path: Path) -> None:
    table = tmp_path / "g.csv"
    table.write_text("".join(f"{a!r}, {b!r}\n" for a, b in zip(_link().z, _link().values, strict=True)))
    (tmp_path / "mine.yaml").write_text(f'targets: ["g(z1)"]\nlinks: {{g: {table}}}\n')
    assert read_question(tmp_path, "mine").named_links() == {"g": _link()}
    table.write_text("1, 2\n")
    with pytest.raises(UserError, match="15 to 400 points, not 1"):
        read_question(tmp_path, "mine")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"targets": ("h1(z1)",), "links": {"g": _link()}}, "no target applies the link g"),
        ({"targets": ("sin(z1)",), "links": {"sin": _link()}}, "the language has a meaning for it"),
        ({"targets": tuple(f"g(z1) + {i}*z1" for i in range(20)), "links": {"g": _link(200)}}, "4000 points together"),
    ],
)
def test_links_that_cannot_be_asked_about_are_refused(content: dict[str, Any], said: str) -> None:
    links = {name: LinkTable.of(link) for name, link in content["links"].items()}
    with pytest.raises(ValueError, match=said):
        Question(targets=content["targets"], links=links)
