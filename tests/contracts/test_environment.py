"""pyproject.toml, environment.yml and requirements.lock say the same."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from learnability.pipeline.config import read_yaml

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
CONDA_ONLY = {"python", "pip"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def _requirements(*lists: list[str]) -> dict[str, SpecifierSet]:
    return {r.name.lower(): r.specifier for names in lists for r in map(Requirement, names)}


def _conda() -> dict[str, SpecifierSet]:
    entries = read_yaml(ROOT / "environment.yml")["dependencies"]
    pairs = [entry.partition(" ") for entry in entries]
    return {CONDA_NAMES.get(name, name): SpecifierSet(spec) for name, _, spec in pairs}


def _lock() -> dict[str, str]:
    rows = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in rows}


def test_conda_and_pyproject_name_the_same_packages_with_the_same_bounds() -> None:
    conda = {name: spec for name, spec in _conda().items() if name not in CONDA_ONLY}
    assert conda == _requirements(PROJECT["dependencies"], EXTRAS["workflow"])


def test_python_has_the_same_bound_everywhere() -> None:
    assert _conda()["python"] == SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_the_lock_satisfies_every_requirement(extra: str) -> None:
    lock = _lock()
    for name, specifier in _requirements(EXTRAS[extra] if extra else PROJECT["dependencies"]).items():
        assert name in lock, f"{name} is not in requirements.lock"
        assert specifier.contains(lock[name]), f"{name}=={lock[name]} does not satisfy {specifier}"


IMPORTED_AS = {"flint": "python-flint", "ruamel": "ruamel.yaml", "sklearn": "scikit-learn"}
HANDED_ON = {
    "fsspec": "s3fs, which is made of it",
    "triton": "PyTorch for CUDA, which brings it; nothing else imports it",
    "urllib3": "roc-validator, in whose environment the module runs",
    "requests": "roc-validator",
    "requests_cache": "roc-validator",
    "rocrate_validator": "roc-validator",
    "snakemake_interface_executor_plugins": "snakemake",
    "snakemake_interface_logger_plugins": "snakemake",
}
"""What is imported and not declared, and where it comes from."""


def test_what_the_package_imports_is_declared() -> None:
    declared = _requirements(PROJECT["dependencies"], *EXTRAS.values())
    names = set()
    for path in (ROOT / "src/learnability").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module.partition(".")[0])
    foreign = names - sys.stdlib_module_names - {"learnability", *HANDED_ON}
    assert {name for name in foreign if IMPORTED_AS.get(name, name) not in declared} == set()


def test_the_lock_pins_torch_without_cuda_packages() -> None:
    lock = _lock()
    assert lock["torch"] == "2.13.0"
    assert not [name for name in lock if re.search(r"nvidia|cuda|cudnn|triton", name)]
    assert not [version for version in lock.values() if "+" in version]
