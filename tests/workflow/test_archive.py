"""The way of an archive: figures -> archive -> verify -> fresh clone -> restore -> figures -> reproduce; and damage."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from learnability.archive import reproduce
from learnability.archive.members import MANIFEST, METADATA, PROVENANCE, write_archive
from learnability.archive.restore import restore
from learnability.archive.verify import Finding, check_profile, findings, verify
from learnability.results.errors import UserError

from .conftest import ROOT, Project

pytestmark = pytest.mark.workflow

STUDY = "src/learnability/studies/demo"
CONFIG = "config/studies/demo.yaml"
ARCHIVE = "results/archive/learnability-0.1.0-laptop.zip"
VALIDATOR = ROOT / ".venv-validator/bin/python"
CONTEXT = ROOT / "workflow/ro-crate/ro-crate-1.1.jsonld"


def _module(project: Project, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.call(sys.executable, "-m", "learnability.cli", *name.split("."), *arguments)


def _commit(project: Project) -> None:
    project.call("git", "add", "-A")
    done = project.call("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "change")
    assert done.returncode == 0, done.stderr


def _clone(project: Project, folder: Path) -> Project:
    """A fresh clone: the code and the config, no results and no records."""
    done = subprocess.run(["git", "clone", "-q", str(project.folder), str(folder)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return Project(folder)


@pytest.fixture(scope="session")
def committed(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished project under version control."""
    folder = tmp_path_factory.mktemp("committed") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    for name in ("CITATION.cff", ".gitignore"):
        shutil.copy2(ROOT / name, folder)
    # Names that the metadata escape, as those of the template of a study.
    (folder / "src/{{ a study }}").mkdir()
    (folder / "src/{{ a study }}/100% größer.txt").write_text("a template\n")
    project.call("git", "init", "-q", "-b", "main")
    _commit(project)
    return project


@pytest.fixture(scope="session")
def plain(committed: Project) -> Path:
    """An archive without training artifacts."""
    done = _module(committed, "archive.pack")
    assert done.returncode == 0, done.stderr
    kept = committed.folder.parent / "plain.zip"
    (committed.folder / ARCHIVE).rename(kept)
    return kept


@pytest.fixture(scope="session")
def with_runs(committed: Project) -> Path:
    """An archive with them."""
    done = _module(committed, "archive.pack", "--with-runs")
    assert done.returncode == 0, done.stderr
    kept = committed.folder.parent / "with_runs.zip"
    (committed.folder / ARCHIVE).rename(kept)
    return kept


@pytest.fixture
def archiving(committed: Project, tmp_path: Path) -> Project:
    """A finished project under version control, to be spoilt."""
    shutil.copytree(committed.folder, tmp_path / "archiving", symlinks=True)
    return Project(tmp_path / "archiving")


# Packing -------------------------------------------------------------------------------------------------------------


def test_archive_is_sound_and_built_twice_has_the_same_bytes(committed: Project, plain: Path) -> None:
    assert findings(plain) == []
    assert _module(committed, "archive.pack").returncode == 0
    assert (committed.folder / ARCHIVE).read_bytes() == plain.read_bytes()


def test_archive_is_valid_by_the_profile(plain: Path, with_runs: Path) -> None:
    if not VALIDATOR.exists():
        pytest.skip("roc-validator is not here (make .venv-validator)")
    for path in (plain, with_runs):
        assert check_profile(path, VALIDATOR, CONTEXT) == (0, [])


def test_profile_names_what_an_invalid_archive_lacks(plain: Path, tmp_path: Path) -> None:
    if not VALIDATOR.exists():
        pytest.skip("roc-validator is not here (make .venv-validator)")
    spoilt = _repacked(plain, tmp_path, _change_json(METADATA, _without_instrument))
    status, lines = check_profile(spoilt, VALIDATOR, CONTEXT)
    assert status == 3
    assert any("instrument" in line for line in lines), lines


def test_figure_leads_back_to_its_setting_seeds_code_and_versions(plain: Path) -> None:
    with zipfile.ZipFile(plain) as archive:
        content = json.loads(archive.read(PROVENANCE))
        graph = {entity["@id"]: entity for entity in json.loads(archive.read(METADATA))["@graph"]}
        names = set(archive.namelist())
    assert not any("/train/" in name for name in names)
    made = {path: job for job in content["jobs"] for path in job["outputs"]}
    figure = made["results/laptop/demo/figures/means.svg"]
    (analysis,) = figure["inputs"]
    runs = [made[path] for path in made[analysis]["inputs"] if "/train/" in path]
    assert [run["parameters"]["seeds"] for run in runs] == [[0, 2], [2, 4]] * 2
    assert {run["parameters"]["setting"]["dimension"] for run in runs} == {2, 3}
    assert all(len(digest) == 64 for run in runs for digest in run["outputs"].values())
    assert len(figure["code"]) == 16
    assert "numpy" in made[analysis]["versions"]
    action = graph["#job-results/laptop/demo/figures/means.svg"]
    assert action["object"][0] == {"@id": analysis}
    assert graph[analysis]["sha256"] == made[analysis]["outputs"][analysis]
    assert {entity["@id"] for entity in graph["./"]["citation"]} >= {"https://arxiv.org/abs/2310.19793"}


def _stale_figure_code(project: Project) -> None:
    project.edit(f"{STUDY}/figures/means.py", lambda text: text.replace(".plot(", ".semilogx("))
    _commit(project)


def _more_seeds(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("laptop: {seeds: 4,", "laptop: {seeds: 8,"))
    _commit(project)


def _edited_claims(project: Project) -> None:
    project.edit("results/laptop/claims.json", lambda text: text.replace("supported", "contradicted"))


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _missing_and_damaged(project: Project) -> None:
    (project.folder / "results/laptop/demo/figures/means.pdf").unlink()
    _damage(project.folder / "results/laptop/demo/second/analysis.zarr.zip")


REFUSED: dict[str, tuple[Callable[[Project], object], tuple[str, ...]]] = {
    "missing and damaged": (
        _missing_and_damaged,
        ("means.pdf: missing", "second/analysis.zarr.zip: damaged artifact"),
    ),
    "missing report": (
        lambda p: (p.folder / "results/laptop/report/index.html").unlink(),
        ("report/index.html: missing",),
    ),
    "old code": (_stale_figure_code, ("means.svg: out of date",)),
    "fewer seeds": (_more_seeds, ("first/analysis.zarr.zip: out of date", "means.svg: out of date")),
    "edited claims": (_edited_claims, ("claims.json: is not the list of the studies' claims",)),
    "no records": (lambda p: shutil.rmtree(p.folder / ".snakemake/metadata"), ("the engine has no record",)),
    "uncommitted": (lambda p: (p.folder / "src/new.py").touch(), ("uncommitted changes: src/new.py",)),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_unfit_results_are_refused_and_named(kind: str, archiving: Project) -> None:
    spoil, messages = REFUSED[kind]
    spoil(archiving)
    done = _module(archiving, "archive.pack")
    assert done.returncode == 2, done.stdout
    assert all(message in done.stderr for message in messages), done.stderr
    assert "Traceback" not in done.stderr
    assert not (archiving.folder / ARCHIVE).exists()


def test_one_study_is_not_archived_from_a_folder_that_holds_others(archiving: Project) -> None:
    """The list of verdicts and the pages show both."""
    config = archiving.folder / CONFIG
    (config.parent / "other.yaml").write_text(config.read_text().replace("study: demo", "study: other"))
    archiving.edit("config/config.yaml", lambda text: text.replace("studies: [demo]", "studies: [demo, other]"))
    _commit(archiving)
    folder = archiving.folder / "results/laptop/other"
    folder.mkdir(parents=True)
    (folder / "claims.json").write_text("[]\n")
    done = _module(archiving, "archive.pack", "--study", "demo")
    assert done.returncode == 2, done.stdout
    assert "hold other beside demo" in done.stderr
    assert "archive without STUDY" in done.stderr
    assert not (archiving.folder / ARCHIVE).exists()


def test_uncommitted_tree_is_archived_when_told(archiving: Project) -> None:
    (archiving.folder / "src/new.py").touch()
    assert _module(archiving, "archive.pack", "--allow-uncommitted").returncode == 0
    with zipfile.ZipFile(archiving.folder / ARCHIVE) as archive:
        assert json.loads(archive.read(PROVENANCE))["uncommitted"] == ["src/new.py"]


# Damage --------------------------------------------------------------------------------------------------------------


def _repacked(path: Path, folder: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with its members changed, packed again as a careful forger would (the seal is right)."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    write_archive(folder / "spoilt.zip", dict(members))
    return folder / "spoilt.zip"


def _change_json(name: str, change: Callable[[dict], None]) -> Callable[[dict[str, bytes]], None]:
    def apply(members: dict[str, bytes]) -> None:
        content = json.loads(members[name])
        change(content)
        members[name] = json.dumps(content).encode()

    return apply


def _without_instrument(content: dict) -> None:
    (run,) = (entity for entity in content["@graph"] if entity["@id"] == "#run")
    del run["instrument"]


def _other_checksum(content: dict) -> None:
    entity = next(e for e in content["@graph"] if e["@id"].endswith("means.svg") and e["@type"] == "File")
    entity["sha256"] = "0" * 64


def _flipped(members: dict[str, bytes]) -> None:
    name = "results/laptop/demo/figures/means.svg"
    members[name] = bytes([members[name][0] ^ 1]) + members[name][1:]


def _with_manifest(change: Callable[[dict[str, bytes]], None]) -> Callable[[dict[str, bytes]], None]:
    """The change, with the manifest made to agree with the metadata file."""

    def apply(members: dict[str, bytes]) -> None:
        before = hashlib.sha256(members[METADATA]).hexdigest().encode()
        change(members)
        members[MANIFEST] = members[MANIFEST].replace(before, hashlib.sha256(members[METADATA]).hexdigest().encode())

    return apply


SVG = "results/laptop/demo/figures/means.svg"
DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], object], list[Finding]]] = {
    "flipped byte": (_flipped, [Finding("damaged", SVG, "another checksum")]),
    "removed file": (lambda members: members.pop(SVG), [Finding("missing", SVG)]),
    "added file": (
        lambda members: members.update({"results/extra.txt": b"x"}),
        [Finding("extra", "results/extra.txt", "not in the manifest")],
    ),
    "changed metadata entry": (
        _change_json(METADATA, _other_checksum),
        [Finding("damaged", METADATA, "another checksum")],
    ),
    "changed metadata entry, manifest too": (
        _with_manifest(_change_json(METADATA, _other_checksum)),
        [Finding("metadata", METADATA, f"another checksum for {SVG}")],
    ),
    "unreadable metadata": (
        _with_manifest(lambda members: members.update({METADATA: b"{}"})),
        [Finding("metadata", METADATA, "cannot be read: '@graph'")],
    ),
    "removed manifest": (lambda members: members.pop(MANIFEST), [Finding("missing", MANIFEST)]),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_not_restored(
    kind: str, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, expected = DAMAGE[kind]
    spoilt = _repacked(plain, tmp_path, change)  # type: ignore[arg-type]
    assert findings(spoilt) == expected
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(UserError, match=re.escape(expected[0].name)):
        restore(spoilt)
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("forged", [{"scale": "../../outside"}, {"studies": ["../demo"]}, {"format": 2}])
def test_forged_provenance_of_a_sound_archive_is_refused(
    forged: dict[str, object], plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forge(members: dict[str, bytes]) -> None:
        before = {name: hashlib.sha256(members[name]).hexdigest().encode() for name in (PROVENANCE, METADATA)}
        size = len(members[PROVENANCE])
        _change_json(PROVENANCE, lambda content: content.update(forged))(members)
        new = hashlib.sha256(members[PROVENANCE]).hexdigest().encode()
        metadata = members[METADATA].replace(before[PROVENANCE], new)
        members[METADATA] = metadata.replace(f'"{size}"'.encode(), f'"{len(members[PROVENANCE])}"'.encode())
        listed = members[MANIFEST].replace(before[PROVENANCE], new)
        members[MANIFEST] = listed.replace(before[METADATA], hashlib.sha256(members[METADATA]).hexdigest().encode())

    spoilt = _repacked(plain, tmp_path, forge)
    assert findings(spoilt) == []
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(UserError, match=r"cannot be one|format 2"):
        restore(spoilt, force=True)
    assert list((tmp_path / "empty").iterdir()) == []


def test_every_flipped_byte_is_caught(plain: Path, tmp_path: Path) -> None:
    """At places all over the file: content, headers, the list of members, the seal."""
    data = plain.read_bytes()
    places = [*range(0, len(data), len(data) // 12), *range(len(data) - 2000, len(data), 97), len(data) - 1]
    for place in places:
        spoilt = bytearray(data)
        spoilt[place] ^= 0x10
        path = tmp_path / "spoilt.zip"
        path.write_bytes(spoilt)
        done = _verify(path)
        assert done == 1, f"a flipped bit at {place} of {len(data)} went unnoticed"


def _verify(path: Path) -> int:
    return verify(path, with_profile=False)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_truncated_archive_is_named(share: float, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(plain.read_bytes()[: int(share * plain.stat().st_size)])
    assert _verify(path) == 1
    assert str(path) in capsys.readouterr().err


# Restoring -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_round_trip(committed: Project, plain: Path, tmp_path: Path) -> None:
    clone = _clone(committed, tmp_path / "clone")
    done = _module(clone, "archive.restore", str(plain))
    assert done.returncode == 0, done.stderr
    assert "make figures SCALE=laptop will make again: nothing" in done.stdout
    assert clone.planned() == {}
    before = clone.contents()
    done = clone.launch()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to do" not in done.stdout
    assert clone.contents() == before
    here = {n: c for n, c in committed.contents().items() if "/train/" not in n and "/archive/" not in n}
    assert {n: c for n, c in before.items() if not n.endswith("restored.json")} == here
    done = _module(clone, "archive.reproduce", str(plain), "--study", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "have the bytes of the archive" in done.stdout


def _restored(committed: Project, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    clone = _clone(committed, tmp_path / "clone")
    with monkeypatch.context() as patch:
        patch.chdir(clone.folder)
        restore(archive)
    return clone


def test_restored_results_can_be_archived_again(
    committed: Project, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = _restored(committed, plain, tmp_path, monkeypatch)
    done = _module(clone, "archive.pack")
    assert done.returncode == 0, done.stderr
    assert (clone.folder / ARCHIVE).read_bytes() == plain.read_bytes()


def test_after_restoring_only_a_changed_figure_is_drawn(committed: Project, plain: Path, tmp_path: Path) -> None:
    clone = _clone(committed, tmp_path / "clone")
    clone.edit(f"{STUDY}/figures/means.py", lambda text: text.replace(".plot(", ".semilogx("))
    done = _module(clone, "archive.restore", str(plain))
    assert "changed: src/learnability/studies/demo/figures/means.py" in done.stdout
    assert clone.planned() == {"figures": 1}
    assert clone.snakemake("all", "--cores", "1").returncode == 0
    assert not list(clone.folder.glob("results/laptop/demo/*/train/**/*.zip"))


def test_without_runs_claims_are_judged_again_and_only_an_analysis_needs_training(
    committed: Project, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = _restored(committed, plain, tmp_path, monkeypatch)
    clone.edit(f"{STUDY}/walk/claims.py", lambda text: text.replace("Between(-1.0, 1.0)", "Between(2.0, 3.0)"))
    assert clone.planned() == {"claims": 1, "verdicts": 1}
    clone.edit(f"{STUDY}/walk/analyse.py", lambda text: text.replace(".mean())", ".median())"))
    assert clone.planned()["train"] == 5


def test_with_runs_more_seeds_run_only_the_new_batches(
    committed: Project, with_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = _restored(committed, with_runs, tmp_path, monkeypatch)
    assert clone.planned() == {}
    clone.edit(CONFIG, lambda text: text.replace("laptop: {seeds: 4,", "laptop: {seeds: 8,"))
    assert clone.planned() == {"train": 6, "analyse": 2, "claims": 1, "figures": 2, "verdicts": 1}


def test_other_results_are_not_overwritten_unasked(archiving: Project, plain: Path) -> None:
    figure = archiving.folder / SVG
    figure.write_text("mine")
    done = _module(archiving, "archive.restore", str(plain))
    assert done.returncode == 2
    assert "means.svg" in done.stderr
    assert figure.read_text() == "mine"
    assert _module(archiving, "archive.restore", str(plain), "--force").returncode == 0
    assert figure.read_text() != "mine"


def _other_results(committed: Project, estimate: float) -> Callable[..., None]:
    """A run whose analysis has other bytes and whose claim has another estimate."""

    def run(folder: Path, *_: object) -> None:
        shutil.copytree(committed.folder / "results", folder / "results")
        with (folder / "results/laptop/demo/first/analysis.zarr.zip").open("ab") as stream:
            stream.write(b"other")
        path = folder / "results/laptop/demo/claims.json"
        row, *rest = json.loads(path.read_text())
        path.write_text(json.dumps([{**row, "estimate": row["estimate"] + estimate}, *rest]))

    return run


@pytest.mark.parametrize(("moved", "good"), [(1e-9, True), (1e-3, False)])
def test_what_moved_is_shown_and_judged_by_the_archived_interval(
    moved: float,
    good: bool,
    committed: Project,
    plain: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(committed.folder)
    monkeypatch.setattr(reproduce, "run_in", _other_results(committed, moved))
    assert reproduce.reproduce(plain, ["demo"]) is good
    said = capsys.readouterr().out
    assert "results/laptop/demo/first/analysis.zarr.zip" in said
    assert ("within   demo/bounded" if good else "OUTSIDE  demo/bounded") in said
    assert ("NOT reproduced" in said) is not good


def test_code_that_is_not_the_archives_is_named(committed: Project, plain: Path, tmp_path: Path) -> None:
    clone = _clone(committed, tmp_path / "clone")
    clone.edit(f"{STUDY}/walk/train.py", lambda text: text.replace("np.cos(", "0.5 * np.cos("))
    (clone.folder / "src/learnability/new.py").touch()
    (clone.folder / f"{STUDY}/walk/claims.py").unlink()
    done = clone.call(sys.executable, "-c", _SAY_DIFFERENCES, str(plain))
    assert done.stdout.splitlines() == [
        f"only in the archive: {STUDY}/walk/claims.py",
        f"changed: {STUDY}/walk/train.py",
        "only here: src/learnability/new.py",
    ]


_SAY_DIFFERENCES = """
import sys
from pathlib import Path
from learnability.archive.restore import source_differences
print("\\n".join(source_differences(Path(sys.argv[1]))))
"""


def test_reproduce_names_the_studies_that_there_are(committed: Project, plain: Path) -> None:
    done = _module(committed, "archive.reproduce", str(plain), "--study", "other")
    assert done.returncode == 2
    assert "no study 'other'" in done.stderr
