"""Results that live in a store: what is fetched, what is sent, what is refused. The store is a folder here."""

import json
from pathlib import Path

import pytest
import xarray as xr

from learnability.api import open_results
from learnability.archive import mirror
from learnability.results import manifest
from learnability.results.errors import UserError
from learnability.results.store import write

ANALYSIS = Path("results/smoke/demo/first/analysis.zarr.zip")
ATTRIBUTES = {"stage": "analyse", "study": "demo", "experiment": "first", "scale": "smoke"}


def _make(value: float, path: Path = ANALYSIS) -> None:
    attributes = {**ATTRIBUTES, "experiment": path.parent.name}
    write(xr.Dataset({"loss": ("time", [value, value / 2])}, attrs=attributes), path)
    manifest.record([path], "analyse", {"study": "demo"}, "code")


def _value() -> float:
    return float(open_results(ANALYSIS)["loss"][0])


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with results."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    _make(1.0)
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Another machine, without."""
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


def test_what_was_sent_is_fetched_elsewhere(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "results/smoke/.half.tmp").write_text("half-written")
    (here / "results/smoke/demo/first/old.zarr.zip.damaged").write_text("set aside")
    assert "sent 2 files" in mirror.transfer(address, "smoke", "push")
    assert "nothing to be sent" in mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    assert "fetched 2 files" in mirror.transfer(address, "smoke", "pull")
    assert _value() == 1.0
    assert manifest.read(ANALYSIS) == manifest.Record(
        manifest.demand_recorded(ANALYSIS), "analyse", {"study": "demo"}, "code"
    )
    assert "nothing to be fetched" in mirror.transfer(address, "smoke", "pull")
    assert open_results(f"{address}/{ANALYSIS}").identical(open_results(ANALYSIS))
    assert open_results(f"{address}/{ANALYSIS.parent}").identical(open_results(ANALYSIS))


def test_the_newer_side_wins_where_the_last_transfer_tells(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    _make(2.0)
    assert "nothing to be fetched" in mirror.transfer(address, "smoke", "pull"), "what was made here stays"
    assert _value() == 2.0
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(here)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0


def test_results_of_unknown_age_stay(address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    _make(3.0)
    with pytest.raises(UserError, match="other results are here"):
        mirror.transfer(address, "smoke", "pull")
    assert _value() == 3.0
    mirror.transfer(address, "smoke", "pull", force=True)
    assert _value() == 1.0


def test_what_was_changed_in_the_store_is_not_taken_and_is_sent_again(
    address: str, here: Path, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    stored = tmp_path / "store" / ANALYSIS
    stored.write_bytes(stored.read_bytes()[:-1])
    assert mirror.compare(address, "smoke")[0].splitlines()[0] == f"{ANALYSIS}: changed in the store"
    monkeypatch.chdir(there)
    said = mirror.transfer(address, "smoke", "pull")
    assert f"{ANALYSIS}: damaged in the store" in said
    assert not ANALYSIS.exists()
    assert manifest.read(ANALYSIS) is None, "the record of a result that is not here would speak of another"
    monkeypatch.chdir(here)
    assert f"{ANALYSIS}: was changed in the store: sent again" in mirror.transfer(address, "smoke", "push")
    assert mirror.compare(address, "smoke")[1]


def test_a_transfer_that_was_killed_leaves_the_list_as_it_was(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    _make(2.0)
    _make(5.0, ANALYSIS.parents[1] / "second/analysis.zarr.zip")
    with monkeypatch.context() as patched:
        patched.setattr(mirror.Store, "write", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        patched.setattr(mirror, "held", lambda *_: __import__("contextlib").nullcontext())
        with pytest.raises(KeyboardInterrupt):
            mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    assert "damaged in the store" in mirror.transfer(address, "smoke", "pull")
    assert not ANALYSIS.exists(), "new bytes under the old list are not taken"
    monkeypatch.chdir(here)
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0


def test_one_writes_at_a_time(address: str, here: Path, tmp_path: Path) -> None:
    store = mirror.Store(address, "smoke")
    with mirror.held(store), pytest.raises(UserError, match="another run writes there"):
        mirror.transfer(address, "smoke", "push")
    writer = tmp_path / "store/results/smoke/writer.json"
    assert not writer.exists()
    writer.write_text(json.dumps({"host": __import__("socket").gethostname(), "pid": 2**22 + 1}))
    assert "sent" in mirror.transfer(address, "smoke", "push"), "the process that held it is gone"
    writer.write_text(json.dumps({"host": "elsewhere", "pid": 1, "since": "noon"}))
    with pytest.raises(UserError, match="process 1 on elsewhere, since noon"):
        mirror.transfer(address, "smoke", "push")


def test_a_list_that_leads_out_of_the_scale_is_refused(address: str, here: Path, tmp_path: Path) -> None:
    index = tmp_path / "store/results/smoke/index.json"
    index.parent.mkdir(parents=True)
    for name in ("results/laptop/claims.json", "results/smoke/../../Snakefile", "/etc/passwd", "results/smoke/.lease"):
        index.write_text(json.dumps({"files": {name: {"sha256": "0", "size": 1, "tag": "1"}}, "records": {}}))
        with pytest.raises(UserError, match="outside the scale"):
            mirror.transfer(address, "smoke", "pull")


@pytest.mark.parametrize(
    ("address", "said"),
    [("nowhere://bucket", "not known"), ("file:///does/not/exist", "nothing at this address")],
)
def test_what_is_not_there_is_said(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_results(f"{address}/results/smoke/demo/first")
