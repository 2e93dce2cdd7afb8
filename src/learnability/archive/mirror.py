"""Results in an object store: ``learnability push`` and ``pull``, and both around a run with ``STORE=``.

Jobs read and write local files, so that the launcher, the damage check, checkpoints, the report and the archive work as
they do without a store. Before a run, what the store has and the disk lacks is fetched; after it, what is new is sent.

``<address>/results/<scale>/index.json`` is the list of what the store holds: for each file its SHA-256, its size and
the store's own tag of it, and for each result the engine's record of how it was made. It is sent last: a transfer that
was killed leaves the old list, and what does not fit it is not taken. ``writer.json`` beside it names the run that may
write; it can be created by one alone.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from learnability.archive.restore import finish_interrupted, put_in_place
from learnability.archive.signature import beside
from learnability.archive.snakemake_records import read_records
from learnability.archive.verify import RULES
from learnability.pipeline.lock import alive, clear_leftovers, myself, only_one_run, writing
from learnability.results import manifest
from learnability.results.atomic import replacing_among_others, staging
from learnability.results.attributes import sha256
from learnability.results.errors import UserError
from learnability.results.remote import explained, file_system

_INDEX, _WRITER, _LAST = "index.json", "writer.json", ".store.json"
_OF_THE_RUN = ("logs", "benchmarks")
_ASIDE = (".damaged", ".edited", ".foreign", ".unrecorded")


@dataclass
class Index:
    """What a store holds of one scale: files with ``sha256``, ``size`` and ``tag``, and the engine's records."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """What a transfer did: how many files of how many bytes, and what a person should know of."""

    files: int = 0
    size: int = 0
    said: tuple[str, ...] = ()


class Store:
    """The results of one scale at ``<address>/results/<scale>``."""

    def __init__(self, address: str, scale: str) -> None:
        self.scale, self.results = scale, Path("results") / scale
        self.address = f"{address.rstrip('/')}/{self.results.as_posix()}"
        self._system, root = file_system(address)
        if hasattr(self._system, "auto_mkdir"):  # a folder in the place of a bucket
            self._system.auto_mkdir = True
        self._root = root.rstrip("/")

    def place(self, name: str) -> str:
        """Where a file that is called ``results/<scale>/...`` here is in the store."""
        return f"{self._root}/{name}"

    def index(self) -> Index:
        """The list of what the store holds; an empty one where nothing was sent yet."""
        with explained(self.address, "reading"):
            try:
                content = json.loads(self._system.cat_file(self.place(f"{self.results.as_posix()}/{_INDEX}")))
            except FileNotFoundError:
                return Index()
        outside = [name for name in content["files"] if not _inside(name, self.scale)]
        if outside:
            raise UserError(
                self.address, f"its list names a file outside the scale: {outside[0]}", remedy="see who wrote it"
            )
        return Index(content["files"], content["records"])

    def tags(self) -> dict[str, str]:
        """The store's own tag of each file (its entity tag, else its size): it changes when the file does."""
        with explained(self.address, "listing"):
            try:
                found = self._system.find(self.place(self.results.as_posix()), detail=True)
            except FileNotFoundError:
                return {}
        return {name[len(self._root) + 1 :]: _tag(info) for name, info in found.items()}

    def get(self, names: Sequence[str], folder: Path) -> list[str]:
        """Fetch files below a folder, side by side; what failed, a line each."""
        places = [folder / name for name in names]
        for parent in {place.parent for place in places}:
            parent.mkdir(parents=True, exist_ok=True)
        with suppress(UserError), explained(self.address, "fetching"):
            self._system.get([self.place(name) for name in names], [str(place) for place in places])
            return []
        said = []
        for name, place in zip(names, places, strict=True):  # one of them failed: which?
            try:
                with explained(self.address, "fetching"):
                    self._system.get_file(self.place(name), str(place))
            except UserError as error:
                place.unlink(missing_ok=True)
                said.append(f"{name}: {error.problem}")
        return said

    def put(self, names: Sequence[str]) -> None:
        """Send files, side by side."""
        with explained(self.address, "sending"):
            self._system.put(list(names), [self.place(name) for name in names])

    def write(self, name: str, content: Mapping[str, Any], alone: bool = False) -> None:
        """Write a small file; with ``alone``, raise FileExistsError where there is one."""
        raw, place = (
            (json.dumps(content, sort_keys=True) + "\n").encode(),
            self.place(f"{self.results.as_posix()}/{name}"),
        )
        self._system.pipe_file(place, raw, mode="create" if alone else "overwrite")

    def writer(self) -> dict[str, Any]:
        """Who may write; empty where nobody does."""
        with suppress(FileNotFoundError, ValueError):
            return dict(json.loads(self._system.cat_file(self.place(f"{self.results.as_posix()}/{_WRITER}"))))
        return {}

    def release(self) -> None:
        """Let others write."""
        with suppress(FileNotFoundError):
            self._system.rm_file(self.place(f"{self.results.as_posix()}/{_WRITER}"))


def _tag(info: Mapping[str, Any]) -> str:
    return str(info.get("ETag") or info.get("etag") or info.get("size"))


def _inside(name: str, scale: str) -> bool:
    return name.startswith(f"results/{scale}/") and not any(part.startswith(".") for part in Path(name).parts)


@contextmanager
def held(store: Store, lease: str = "") -> Iterator[None]:
    """Be the one that writes into a store. Raises UserError that names who does, where another run is at work."""
    own = myself(lease)
    for last in (False, True):
        with explained(store.address, "taking the lock"):
            try:
                store.write(_WRITER, own, alone=True)
                break
            except FileExistsError:
                found = store.writer()
            gone = found and not alive(str(found.get("host")), int(found.get("pid", 0)), str(found.get("started", "")))
            if last or not gone:
                who = f"process {found.get('pid')} on {found.get('host')}, since {found.get('since')}"
                remedy = f"wait for it to end; if that process is gone for certain, remove {store.address}/{_WRITER}"
                raise UserError(store.address, f"another run writes there ({who})", remedy=remedy)
            store.release()
    try:
        yield
    finally:
        with explained(store.address, "letting go of the lock"):
            store.release()


def local_files(results: Path) -> dict[str, str]:
    """The digests of what belongs into a store, by name: results, manifest, logs and pages; nothing half-written."""
    found = {}
    for path in sorted(results.rglob("*")):
        inside = path.relative_to(results).parts
        hidden = any(part.startswith(".") for part in inside)
        if not hidden and not path.name.endswith(_ASIDE) and inside != (_INDEX,) and path.is_file():
            found[path.as_posix()] = sha256(path)
    return found


def _last(results: Path) -> dict[str, str]:
    """The digests of what store and disk had in common after the last transfer."""
    try:
        return dict(json.loads((results / _LAST).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def _remember(results: Path, digests: Mapping[str, str]) -> None:
    with replacing_among_others(results / _LAST) as out:
        out.write(json.dumps(digests, sort_keys=True).encode())


def _wanted(index: Index, here: Mapping[str, str], last: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What to fetch, and what differs here and there without a common past that tells which is newer."""
    fetched, unclear = [], []
    for name, told in index.files.items():
        if name not in here:
            fetched.append(name)
        elif here[name] != told["sha256"]:
            if here[name] == last.get(name):
                fetched.append(name)
            elif told["sha256"] != last.get(name) and Path(name).parts[2] not in _OF_THE_RUN:
                unclear.append(name)
    return fetched, unclear


def pull(store: Store, force: bool = False) -> Moved:
    """Fetch what the store has newer; call it with the lock of the results held.

    Every file is compared with the list before it is put in place, and they are put in place together. Raises UserError
    where results here and there differ, and neither is what the other was made from; ``force`` takes the store's.
    """
    index, here = store.index(), local_files(store.results)
    wanted, unclear = _wanted(index, here, _last(store.results))
    if unclear and not force:
        more = f" and {len(unclear) - 3} more" if len(unclear) > 3 else ""
        problem = f"other results are here: {', '.join(unclear[:3])}{more}"
        raise UserError(store.address, problem, remedy="move them away, or take the store's: learnability pull --force")
    staged, digests = staging(store.results), {}
    try:
        said = store.get([*wanted, *unclear], staged) if wanted or unclear else []
        for name in [*wanted, *unclear]:
            if (staged / name).is_file() and sha256(staged / name) == index.files[name]["sha256"]:
                digests[name] = index.files[name]["sha256"]
            elif (staged / name).is_file():
                (staged / name).unlink()
                said.append(f"{name}: damaged in the store: not taken; it is made again here and sent")
        for name in [name for name in digests if _unrecorded(name, index, digests, here)]:
            (staged / name).unlink()
            del digests[name]
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    size = sum(index.files[name]["size"] for name in digests)
    if digests:
        put_in_place(store.scale, staged, digests, _as_jobs(index, digests))
    else:
        shutil.rmtree(staged, ignore_errors=True)
    common = {n: told["sha256"] for n, told in index.files.items() if {**here, **digests}.get(n) == told["sha256"]}
    _remember(store.results, common)
    return Moved(len(digests), size, tuple(said))


def _unrecorded(name: str, index: Index, fetched: Mapping[str, str], here: Mapping[str, str]) -> bool:
    """Whether this is the record of a result that could not be fetched: alone, it would speak of another file."""
    parts = Path(name).parts
    if parts[2] != manifest.FOLDER:
        return False
    result = Path(*parts[:2], *parts[3:]).with_suffix("").as_posix()
    return result in index.files and {**here, **fetched}.get(result) != index.files[result]["sha256"]


def _as_jobs(index: Index, digests: Iterable[str]) -> list[dict[str, Any]]:
    """What the engine knows of the fetched results, in the form in which an archive tells of it."""
    records = {name: index.records[name] for name in digests if name in index.records}
    return [
        {"rule": record["rule"], "outputs": [name], "record": record}
        for name, record in records.items()
        if record["rule"] in RULES
    ]


def push(store: Store) -> Moved:
    """Send what is new here; call it with the lock of the results held. Nothing is removed from the store."""
    index, here, tags = store.index(), local_files(store.results), store.tags()
    new, repaired = [], []
    for name, digest in here.items():
        told = index.files.get(name)
        if told is None or told["sha256"] != digest:
            new.append(name)
        elif tags.get(name) != told["tag"]:
            repaired.append(name)
    if not new and not repaired:
        return Moved()
    store.put([*new, *repaired])
    tags = store.tags()
    for name in [*new, *repaired]:
        index.files[name] = {"sha256": here[name], "size": Path(name).stat().st_size, "tag": tags.get(name, "")}
    index.records |= read_records(name for name in new if Path(name).parts[2] not in (*_OF_THE_RUN, manifest.FOLDER))
    with explained(store.address, "writing the list"):
        store.write(_INDEX, {"scale": store.scale, "files": index.files, "records": index.records})
    _remember(store.results, here)
    said = tuple(f"{name}: was changed in the store: sent again" for name in repaired)
    return Moved(len(new) + len(repaired), sum(Path(name).stat().st_size for name in (*new, *repaired)), said)


def differences(store: Store) -> list[str]:
    """What in the store is not what was sent, a line each, without fetching: by the store's own tags."""
    index, tags = store.index(), store.tags()
    lost = [f"{name}: gone from the store" for name in index.files if name not in tags]
    return lost + [
        f"{name}: changed in the store"
        for name, told in index.files.items()
        if tags.get(name, told["tag"]) != told["tag"]
    ]


@contextmanager
def mirrored(address: str, results: Path, lease: str, say: Callable[[str], None]) -> Iterator[None]:
    """Within the block, results are those of a store; what the block made is sent at its end, unless it is stopped.

    Call it with the lock of the results held.
    """
    store = Store(address, results.name)
    with held(store, lease):
        say(_told("fetched", pull(store), store))
        yield
        say(_told("sent", push(store), store))


def _told(verb: str, moved: Moved, store: Store) -> str:
    which = "from" if verb == "fetched" else "to"
    last = f"{verb} {moved.files} files ({moved.size / 1e6:.1f} MB) {which} {store.address}"
    return "\n".join([*moved.said, last if moved.files else f"nothing to be {verb} {which} {store.address}"])


def transfer(address: str, scale: str, verb: str, force: bool = False) -> str:
    """``learnability push`` and ``learnability pull``; what was moved, in words."""
    store = Store(address, scale)
    with only_one_run(Path(".cache/run.lock")), writing(store.results):
        finish_interrupted(store.results)
        clear_leftovers(store.results)
        if verb == "pull":
            return _told("fetched", pull(store, force), store)
        with held(store):
            return _told("sent", push(store), store)


def compare(address: str, scale: str) -> tuple[str, bool]:
    """``learnability status --store``: what in a store is not what was sent, and whether all is; nothing is fetched."""
    store = Store(address, scale)
    found = differences(store)
    count = len(store.index().files)
    return "\n".join([*found, f"{store.address}: {count} files, {len(found)} of them not as they were sent"]), not found


def send_archive(path: Path, address: str) -> str:
    """Send an archive, and its signature if it has one, to ``<address>/archive/``; its address there."""
    system, root = file_system(address)
    place = f"{address.rstrip('/')}/archive/{path.name}"
    if hasattr(system, "auto_mkdir"):
        system.auto_mkdir = True
    with explained(place, "sending"):
        for file in (path, beside(path)):
            if file.is_file():
                system.put_file(str(file), f"{root.rstrip('/')}/archive/{file.name}")
    return place
