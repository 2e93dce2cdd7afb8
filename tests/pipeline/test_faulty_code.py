"""A fault in the code of a study is told with its file, its line and the error, whatever command comes across it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from learnability import studies
from learnability.pipeline import fingerprint as fp
from learnability.pipeline.config import ExperimentBlock, plan_experiment
from learnability.pipeline.kinds import has_module, kind_of, kinds_of, train_code
from learnability.results.errors import UserError

NAME = "study_with_a_fault"
SOUND = {
    "__init__.py": "",
    "kind/__init__.py": "from learnability.results.contract import Kind\n"
    f"from learnability.studies.{NAME}.kind.setting import MySetting\n\nKIND = Kind(setting=MySetting)\n",
    "kind/setting.py": "from learnability.results.contract import Model, Setting\n\n\n"
    "class MySetting(Setting):\n    target: Model = Model()\n    size: int\n",
    "kind/train.py": "def train(setting, context):\n    return setting.size\n",
}
BLOCK = {
    "kind": "kind",
    "settings": {"size": 3},
    "scales": {scale: {"seeds": 1, "seed_batch": 1} for scale in ("smoke", "laptop", "paper")},
}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a sound study of one kind, below the working directory."""
    root = tmp_path / "learnability/studies" / NAME
    (root / "kind").mkdir(parents=True)
    for name, text in SOUND.items():
        (root / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(root.parent)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = fp._file_of

    def file_of(module: str) -> Path | None:
        path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        return path if path.is_file() else before(module)

    monkeypatch.setattr(fp, "_file_of", file_of)
    _forget()
    yield root
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if NAME in name]:
        del sys.modules[name]
    for cached in (kinds_of, kind_of, has_module, fp._module, fp._facts, fp.closure, fp.fingerprint, fp._kept):
        cached.cache_clear()


def _plan() -> str:
    plan_experiment("my.yaml", NAME, "one", ExperimentBlock.model_validate(BLOCK), "smoke")
    return train_code(NAME, "kind")


def test_a_sound_study_is_planned(study: Path) -> None:
    assert len(_plan()) == 16


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("kind/__init__.py", "KIND = (\n", 1, "SyntaxError: '(' was never closed"),
        ("kind/__init__.py", "\nKIND = Kind()\n", 2, "NameError: name 'Kind' is not defined"),
        ("kind/__init__.py", "", 0, "declares no KIND"),
        ("kind/setting.py", "import nosuch\n", 1, "ModuleNotFoundError: No module named 'nosuch'"),
        ("kind/setting.py", "class MySetting:\n    size = int('x')\n", 2, "ValueError: invalid literal"),
        ("kind/train.py", SOUND["kind/train.py"] + "x = = 1\n", 3, "SyntaxError: invalid syntax"),
        ("__init__.py", "1 / 0\n", 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_fault_names_its_place(name: str, text: str, line: int, said: str, study: Path) -> None:
    (study / name).write_text(text)
    with pytest.raises(UserError) as caught:
        _plan()
    where = f"learnability/studies/{NAME}/{name}"
    assert caught.value.where.endswith(f"{where}, line {line}" if line else where)
    assert not line or caught.value.where.startswith("learnability")  # as seen from the project
    assert said in caught.value.problem
    assert caught.value.remedy.startswith("add it" if not line else "correct the ")


def test_a_study_without_code_is_told_as_such(study: Path) -> None:
    with pytest.raises(UserError, match="has a config and no code"):
        plan_experiment("my.yaml", "no_such_study", "one", ExperimentBlock.model_validate(BLOCK), "smoke")
