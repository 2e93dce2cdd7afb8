"""The demo study with its results in an object store: the same bytes as on a disk, and every command finds them.

Skipped, with the reason, where no server can be started.
"""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store import s3
from tests.workflow.conftest import ROOT, Project, make_project

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(bool(s3.missing()), reason=f"no object store: {s3.missing()}"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

STORE = "s3://bucket/demo"
ANALYSIS = "results/laptop/demo/first/analysis.zarr.zip"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with s3.served() as environment:
        yield environment


@pytest.fixture(scope="module")
def bucket(server: dict[str, str]) -> Any:
    """The contents of the store, through another client than ours."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=server["AWS_ENDPOINT_URL"],
        aws_access_key_id=server["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server["AWS_SECRET_ACCESS_KEY"],
        region_name=server["AWS_DEFAULT_REGION"],
    )
    client.create_bucket(Bucket="bucket")
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    client.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    return client


def _names(bucket: Any, below: str) -> set[str]:
    pages = bucket.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix=below)
    return {entry["Key"].removeprefix(f"{below}/") for page in pages for entry in page.get("Contents", [])}


def _read(bucket: Any, name: str) -> bytes:
    content: bytes = bucket.get_object(Bucket="bucket", Key=name)["Body"].read()
    return content


def _command(project: Project, server: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return project.call(sys.executable, "-m", "learnability.cli", *words, **server)


def _results(project: Project) -> dict[str, bytes]:
    return {name: raw for name, raw in project.contents().items() if not name.endswith("/.store.json")}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("local") / "project")
    done = project.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, server: dict[str, str], bucket: Any) -> Project:
    """A project whose results live in the store."""
    project = make_project(tmp_path_factory.mktemp("stored") / "project")
    done = project.launch("--cores", "2", "--store", STORE, **server)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_the_store_has_the_bytes_of_a_local_run(local: Project, stored: Project, bucket: Any) -> None:
    assert _results(stored) == local.contents()
    names = _names(bucket, "demo")
    for name, raw in local.contents().items():
        assert name in names
        assert _read(bucket, f"demo/{name}") == raw
    assert not [name for name in names if "/." in name or name.endswith("writer.json")]


def test_a_second_run_moves_and_makes_nothing(stored: Project, server: dict[str, str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in stored.folder.glob("results/**/*.zarr.zip")}
    done = stored.launch("--cores", "2", "--store", STORE, **server)
    assert done.returncode == 0, done.stderr
    assert "nothing to be fetched" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_fresh_clone_fetches_and_makes_nothing(
    local: Project, stored: Project, server: dict[str, str], tmp_path: Path
) -> None:
    clone = make_project(tmp_path / "clone")
    done = _command(clone, server, "pull", STORE)
    assert done.returncode == 0, done.stderr
    assert _results(clone) == local.contents()
    assert clone.planned() == {}
    assert _command(clone, server, "status").returncode == 0


def test_damage_in_the_store_is_named_not_taken_and_mended(
    local: Project, stored: Project, server: dict[str, str], bucket: Any, tmp_path: Path
) -> None:
    whole = _read(bucket, f"demo/{ANALYSIS}")
    bucket.put_object(Bucket="bucket", Key=f"demo/{ANALYSIS}", Body=whole[:50] + b"X" + whole[51:])
    told = _command(stored, server, "status", "--store", STORE)
    assert told.returncode == 1
    assert f"{ANALYSIS}: changed in the store" in told.stdout
    clone = make_project(tmp_path / "clone")
    done = clone.launch("--cores", "2", "--store", STORE, **server)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ANALYSIS}: damaged in the store" in done.stdout
    assert _results(clone) == local.contents()
    assert _read(bucket, f"demo/{ANALYSIS}") == whole
    assert _command(stored, server, "status", "--store", STORE).returncode == 0


def test_the_report_is_read_from_the_store(stored: Project, server: dict[str, str]) -> None:
    address = f"{server['AWS_ENDPOINT_URL']}/bucket/demo/results/laptop/report/index.html"
    with urllib.request.urlopen(address) as answer:
        assert answer.headers["Content-Type"].startswith("text/html")
        assert b"demo" in answer.read()


def test_results_are_opened_by_path_and_by_address(
    local: Project, stored: Project, server: dict[str, str], bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import learnability
    from learnability.results.errors import UserError

    for name, value in server.items():
        monkeypatch.setenv(name, value)
    folder, web = "results/laptop/demo/first", f"{server['AWS_ENDPOINT_URL']}/bucket/demo"
    here = learnability.open_results(local.folder / folder)
    for place in (f"{STORE}/{folder}", f"{STORE}/{ANALYSIS}", f"{web}/{folder}"):
        assert learnability.open_results(place).identical(here)
        assert learnability.open_results(place, check_seal=False).identical(here)
    with pytest.raises(UserError, match="nothing at this address"):
        learnability.open_results(f"{STORE}/results/laptop/demo/fourth")
    whole = _read(bucket, f"demo/{ANALYSIS}")
    for spoilt, said in ((whole[:50] + b"X" + whole[51:], "damaged"), (whole[:-5], "damaged")):
        bucket.put_object(Bucket="bucket", Key=f"demo/{ANALYSIS}", Body=spoilt)
        with pytest.raises(UserError, match=said):
            learnability.open_results(f"{STORE}/{folder}")
    third = _read(bucket, "demo/results/laptop/demo/third/analysis.zarr.zip")
    bucket.put_object(Bucket="bucket", Key=f"demo/{ANALYSIS}", Body=third)
    with pytest.raises(UserError, match="not those that the manifest records"):
        learnability.open_results(f"{STORE}/{folder}")
    bucket.put_object(Bucket="bucket", Key=f"demo/{ANALYSIS}", Body=whole)


def test_one_run_writes_at_a_time(stored: Project, server: dict[str, str], bucket: Any) -> None:
    name = "demo/results/laptop/writer.json"
    bucket.put_object(Bucket="bucket", Key=name, Body=b'{"host": "elsewhere", "pid": 7, "since": "noon"}')
    refused = stored.launch("--store", STORE, **server)
    assert refused.returncode == 2
    assert "another run writes there (process 7 on elsewhere, since noon)" in refused.stderr
    bucket.delete_object(Bucket="bucket", Key=name)


def test_other_results_are_not_replaced_without_being_asked(
    stored: Project, server: dict[str, str], tmp_path: Path
) -> None:
    clone = make_project(tmp_path / "clone")
    other = clone.folder / ANALYSIS
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another result")
    refused = _command(clone, server, "pull", STORE)
    assert refused.returncode == 2
    assert f"other results are here: {ANALYSIS}" in refused.stderr
    assert other.read_bytes() == b"another result"
    assert _command(clone, server, "pull", STORE, "--force").returncode == 0
    assert other.read_bytes() == (stored.folder / ANALYSIS).read_bytes()


def test_an_archive_goes_through_the_store(local: Project, server: dict[str, str], bucket: Any, tmp_path: Path) -> None:
    shutil.copytree(local.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    for name in ("CITATION.cff", ".gitignore"):
        shutil.copy2(ROOT / name, project.folder)
    for words in ("init -q -b main", "add -A", "-c user.name=t -c user.email=t@t commit -q -m all"):
        assert project.call("git", *words.split()).returncode == 0
    packed = _command(project, server, "archive", "pack", "--store", STORE)
    assert packed.returncode == 0, packed.stderr
    address = f"{STORE}/archive/learnability-0.1.0-laptop.zip"
    assert f"sent    {address}" in packed.stdout
    clone = make_project(tmp_path / "clone")
    assert _command(clone, server, "archive", "verify", "--no-profile", address).returncode == 0
    assert _command(clone, server, "archive", "restore", address).returncode == 0
    assert clone.planned() == {}
    name = "results/laptop/claims.json"
    assert (clone.folder / name).read_bytes() == (local.folder / name).read_bytes()


def test_the_engine_alone_writes_the_same_claims_into_a_store(
    local: Project, server: dict[str, str], bucket: Any, tmp_path: Path
) -> None:
    """Snakemake's own storage plugin, for workers that share no disk: ``results/`` is in the store and nowhere else."""
    project = make_project(tmp_path / "project")
    where = ["--default-storage-provider", "s3", "--default-storage-prefix", "s3://bucket/direct"]
    where += ["--storage-s3-endpoint-url", server["AWS_ENDPOINT_URL"]]
    account = {**server, "SNAKEMAKE_STORAGE_S3_ACCESS_KEY": "a-test", "SNAKEMAKE_STORAGE_S3_SECRET_KEY": "a-test"}
    name = "results/laptop/demo/claims.json"
    engine = [sys.executable, "-m", "snakemake", name, "--cores", "2", *where]
    done = project.call(*engine, **account)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _read(bucket, f"direct/{name}") == (local.folder / name).read_bytes()
    assert _read(bucket, f"direct/{ANALYSIS}") == (local.folder / ANALYSIS).read_bytes()
    assert not (project.folder / name).exists()
    again = project.call(*engine, **account)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr
