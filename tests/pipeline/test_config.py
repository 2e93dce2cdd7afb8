"""Planning: merging of scales, sweeps, ids; mistakes are explained in the user's terms."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from learnability.pipeline import config as cfg
from learnability.pipeline.canonical import (
    canonical,
    canonical_json,
    identifier,
    parts_of,
    setting_id,
    stream_id,
    target_id,
)
from learnability.results.contract import Kind, Model, Separated, Setting
from learnability.results.errors import UserError


class Target(Model):
    link: str = "h2(z1)"
    degree: int = Field(default=2, ge=1)


class Flow(Setting):
    target: Target = Target()
    dimension: tuple[int, ...] = (10,)
    step_size: float = 0.5
    mode: Literal["joint", "planted"] = "joint"


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cfg, "kinds_of", lambda study: ("flow",))
    monkeypatch.setattr(cfg, "kind_of", lambda study, kind: Kind(setting=Flow))


def _plan(scale: cfg.Scale = "smoke", **content: object) -> cfg.PlannedExperiment:
    scales = content.pop("scales", {"smoke": {"seeds": 4, "seed_batch": 2}})
    block = cfg.validate(cfg.ExperimentBlock, {"kind": "flow", "scales": scales, **content}, "study.yaml")
    return cfg.plan_experiment("study.yaml", "s", "e", block, scale)


def test_sweeps_multiply_and_reach_into_the_target() -> None:
    plan = _plan(sweep={"target.link": ["h2(z1)", "h3(z1)"], "mode": ["joint", "planted"]})
    assert [(s.target.link, s.mode) for s in plan.settings] == [
        ("h2(z1)", "joint"),
        ("h2(z1)", "planted"),
        ("h3(z1)", "joint"),
        ("h3(z1)", "planted"),
    ]
    assert list(plan.batches()) == [(0, 2), (2, 4)]


def test_a_sweep_is_refused_at_once_where_the_analysis_is_of_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cfg, "kind_of", lambda study, kind: Kind(setting=Flow, one_setting=True))
    assert _plan(sweep={"mode": ["planted"]}).settings[0].mode == "planted"
    with pytest.raises(UserError, match=r"experiments\.e: the sweep over mode has 2 settings") as refused:
        _plan(sweep={"mode": ["joint", "planted"]})
    assert refused.value.remedy


def test_a_sweep_keeps_the_other_fields_of_the_target() -> None:
    plan = _plan(settings={"target": {"degree": 5}}, sweep={"target.link": ["h3(z1)"]})
    assert plan.settings[0].target == Target(link="h3(z1)", degree=5)


def test_the_scale_lies_over_the_common_settings() -> None:
    scales = {"smoke": {"seeds": 1, "seed_batch": 1, "settings": {"target": {"degree": 3}, "dimension": [20]}}}
    plan = _plan(settings={"target": {"link": "h4(z1)"}, "dimension": [10, 100]}, scales=scales)
    assert plan.settings[0] == Flow(target=Target(link="h4(z1)", degree=3), dimension=(20,))


def test_canonical_form_drops_defaults_and_sorts() -> None:
    assert canonical(Flow()) == {}
    assert canonical_json(canonical(Flow(mode="planted", dimension=(1,)))) == '{"dimension":[1],"mode":"planted"}'
    assert setting_id("flow", Flow(step_size=0.5)) == setting_id("flow", Flow())
    assert setting_id("flow", Flow(step_size=0.25)) != setting_id("flow", Flow())
    assert target_id(Flow(step_size=0.25).target) == target_id(Flow().target)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.dictionaries(st.text(max_size=5), st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_identifiers_do_not_depend_on_the_order_of_keys(content: dict[str, float]) -> None:
    assert identifier(content) == identifier(dict(reversed(content.items())))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"settings": {"stepsize": 1.0}}, ["unknown key", "stepsize", "did you mean step_size?"]),
        ({"settings": {"target": {"degre": 1}}}, ["unknown key", "target.degre", "did you mean degree?"]),
        ({"settings": {"mode": "plantd"}}, ["'joint' or 'planted'", "did you mean planted?"]),
        ({"settings": {"step_size": "1e-3"}}, ["text, not a number", "0.001"]),
        ({"settings": {"step_size": float("nan")}}, ["step_size", "finite"]),
        ({"settings": {"mode": "both"}}, ["'joint' or 'planted'"]),
        ({"settings": {"target": {"degree": 0}}}, ["target.degree", "at least 1"]),
        ({"settings": {"dimension": 10}}, ["dimension"]),
        ({"kind": "flwo"}, ["flwo", "did you mean flow?"]),
        ({"sweep": {"mode": []}}, ["empty"]),
        ({"sweep": {"mode": ["joint", "joint"]}}, ["twice"]),
        ({"scales": {"smoke": {"seeds": -1, "seed_batch": 1}}}, ["seeds", "at least 1"]),
        ({"scales": {"smoke": {"seeds": 1}}}, ["seed_batch is missing"]),
        ({"scales": {"smoke": {"seeds": 5, "seed_batch": 2}}}, ["}: seeds (5) must be a multiple of seed_batch (2)"]),
        ({"scales": {"huge": {"seeds": 1, "seed_batch": 1}}}, ["huge", "smoke"]),
        ({"scales": {"laptop": {"seeds": 1, "seed_batch": 1}}}, ["smoke"]),
    ],
)
def test_mistakes_name_the_file_the_key_and_the_remedy(content: dict[str, object], words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        _plan(**content)
    message = caught.value.render()
    for word in (*words, "study.yaml", "remedy"):
        assert word in message


@pytest.mark.parametrize(
    ("overrides", "near"),
    [
        ({"scale": "latop"}, "laptop"),
        ({"scale": "Smoke"}, "smoke"),
        ({"device": "cudo"}, "cuda"),
        ({"devise": "cpu"}, "device"),
    ],
)
def test_a_mistake_in_the_main_config_is_told_the_nearest_value(
    overrides: dict[str, str], near: str, tmp_path: Path
) -> None:
    content = {"scale": "smoke", "studies": ["atlas"], "root_seed": 1}
    (tmp_path / "config.yaml").write_text(canonical_json(content))
    with pytest.raises(UserError, match=rf"did you mean {near}\?"):
        cfg.load_main(tmp_path / "config.yaml", overrides)
    if "devise" not in overrides:
        (tmp_path / "config.yaml").write_text(canonical_json({**content, **overrides}))
        with pytest.raises(UserError, match=rf"did you mean {near}\?"):
            cfg.load_main(tmp_path / "config.yaml")


def test_one_entry_is_not_told_in_the_plural(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(canonical_json({"studies": [], "root_seed": 1}))
    with pytest.raises(UserError) as caught:
        cfg.load_main(tmp_path / "config.yaml")
    assert caught.value.allowed == "at least 1 entry"


def test_a_study_that_does_not_exist_is_told_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "multi_index.yaml").write_text("study: multi_index\n")
    with pytest.raises(UserError, match=r"did you mean multi_index\?"):
        cfg.load_study(tmp_path, "multi_indx")


SEPARATED = Kind(setting=Flow, separated=Separated(field="dimension", axis="dimension"))


def test_separated_entries_are_settings_of_their_own_with_common_streams() -> None:
    setting = Flow(dimension=(10, 20), mode="planted")
    parts = parts_of(SEPARATED, setting)
    assert parts == [Flow(dimension=(10,), mode="planted"), Flow(dimension=(20,), mode="planted")]
    assert len({setting_id("flow", part) for part in parts}) == 2
    assert {stream_id("flow", SEPARATED, part) for part in [*parts, setting]} == {
        identifier(["flow", {"mode": "planted"}])
    }


def test_without_separation_the_stream_is_named_by_the_setting() -> None:
    setting = Flow(dimension=(10, 20))
    assert parts_of(Kind(setting=Flow), setting) == [setting]
    assert stream_id("flow", Kind(setting=Flow), setting) == setting_id("flow", setting)


def test_a_kind_that_separates_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="no field 'dimensions'"):
        Kind(setting=Flow, separated=Separated(field="dimensions", axis="dimension"))


def test_a_long_config_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its bytes: the same bytes give the same content, other bytes or a damaged cache are read again."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "long.yaml"
    lines = [f"key_{i}: [1, 2.5, text, true, null]" for i in range(300)]
    path.write_text("\n".join(lines))
    outside = cfg.read_yaml(path)
    assert not (tmp_path / ".cache").exists()  # no project, nothing kept
    (tmp_path / "Snakefile").write_text("")
    assert cfg.read_yaml(path) == outside
    (kept,) = (tmp_path / ".cache/config").iterdir()
    monkeypatch.setattr(cfg, "YAML", None)
    assert cfg.read_yaml(path) == outside
    kept.write_bytes(kept.read_bytes().replace(b"2.5", b"2.6"))
    with pytest.raises(TypeError):
        cfg.read_yaml(path)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    path.write_text("\n".join([*lines, "more: 1"]))
    assert cfg.read_yaml(path) == {**outside, "more": 1}


def test_a_content_that_json_does_not_hold_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text("")
    for value in ("2020-01-01", ".nan", "!!set {a, b}"):
        path = tmp_path / "odd.yaml"
        path.write_text(f"key: {value}\nlong: {'x' * 4500}\n")
        cfg.read_yaml(path)
        assert not (tmp_path / ".cache/config").exists(), value
