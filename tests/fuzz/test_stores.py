"""Artifacts and archives from strangers: every change of a byte is noticed, every strange content refused."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from hypothesis import strategies as st

from learnability.api import open_results
from learnability.archive.members import MANIFEST, METADATA, PROVENANCE, manifest, write_archive
from learnability.archive.verify import demand_sound
from learnability.results import store
from learnability.results.errors import UserError

from .refusals import fuzz, within_bounds

SOURCE = ("Snakefile", "requirements.lock", "config/config.yaml", "src/learnability/__init__.py")
CLAIMS = "results/smoke/demo/claims.json"
GOOD: dict[str, Any] = {
    "format": 1, "scale": "smoke", "studies": ["demo"], "commit": "a" * 40, "with_runs": False, "uncommitted": [],
    "jobs": [{"rule": "claims", "study": "demo", "name": "", "inputs": {},
              "outputs": {CLAIMS: hashlib.sha256(b"[]\n").hexdigest()}, "parameters": {},
              "code": "", "record": None}],
}  # fmt: skip


def sealed_archive(path: Path, provenance: Any, extra: dict[str, bytes] | None = None) -> Path:
    """An archive whose checksums, metadata and seal are right, whatever its provenance says."""
    members = {f"source/{name}": b"" for name in SOURCE} | {CLAIMS: b"[]\n"} | (extra or {})
    members[PROVENANCE] = provenance if isinstance(provenance, bytes) else json.dumps(provenance).encode()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    graph = [
        {"@id": name, "@type": "File", "sha256": digests[name], "contentSize": str(len(content))}
        for name, content in members.items()
    ]
    members[METADATA] = json.dumps({"@graph": graph}).encode()
    digests[METADATA] = hashlib.sha256(members[METADATA]).hexdigest()
    members[MANIFEST] = manifest(digests)
    write_archive(path, dict(members))
    return path


def archive_problem(provenance: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = sealed_archive(Path(folder) / "a.zip", provenance)
        return within_bounds(lambda: demand_sound(path), UserError)


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["../x", "results/smoke/../../x", "results/smoke/.lock"]),
    st.sampled_from(["/etc/passwd", "x" * 5000, "claims", "a" * 64]),
)  # fmt: skip
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def _changed(content: Any) -> st.SearchStrategy[Any]:
    """The content with one or two of its values replaced."""

    def places(inner: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        return [before, *(place for key in keys for place in places(inner[key], (*before, key)))]

    def put(changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
        found = json.loads(json.dumps(content))
        for place, value in changes:
            if not place:
                return value
            inner = found
            try:
                for key in place[:-1]:
                    inner = inner[key]
                inner[place[-1]] = value
            except (KeyError, IndexError, TypeError):
                continue
        return found

    return st.lists(st.tuples(st.sampled_from(places(content)), _JSON), min_size=1, max_size=2).map(put)


ARCHIVES = _changed(GOOD)


def test_a_good_archive_is_sound(tmp_path: Path) -> None:
    assert demand_sound(sealed_archive(tmp_path / "a.zip", GOOD)) == GOOD


def test_new_archives_are_read_or_refused() -> None:
    assert fuzz(ARCHIVES, archive_problem, 0.2) > 0


def test_deep_and_large_contents_are_refused() -> None:
    for content in (b"[" * 100_000, b'{"a":' * 100_000, b"[" + b"9" * 5000 + b"]", b"\xff", b"", b"null", b"[[],[]]",
                    b'{"format": 1, "studies": null}', json.dumps({**GOOD, "studies": None}).encode(),
                    json.dumps({**GOOD, "commit": None}).encode()):  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            path = sealed_archive(Path(folder) / "a.zip", content)
            assert not (problem := within_bounds(lambda path=path: demand_sound(path), UserError)), problem  # type: ignore[misc]
            try:
                demand_sound(path)
                raise AssertionError(f"accepted {content[:60]!r}")
            except UserError:
                pass


def test_changed_artifacts_are_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "analysis.zarr.zip"
        store.write(xr.Dataset({"x": ("i", np.arange(50.0)), "y": ((), 1.0)}), path)
        good = path.read_bytes()

        def problem(change: tuple[int, bytes, int]) -> str:
            place, piece, cut = change
            place %= len(good)
            path.write_bytes(good[:place] + piece + good[place + cut :])
            if path.read_bytes() == good:
                return ""
            found = within_bounds(lambda: open_results(path), UserError)
            if found:
                return found
            try:
                open_results(path)
            except UserError:
                return ""
            return "a changed artifact was opened"

        changes = st.tuples(st.integers(0, 10**6), st.binary(max_size=12), st.integers(0, 12))
        assert fuzz(changes, problem, 0.2) > 0  # type: ignore[arg-type]
