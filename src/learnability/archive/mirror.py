"""Results in an object store: ``learnability push`` and ``pull``, and both around a run with ``STORE=``.

Jobs read and write local files, so that the launcher, the damage check, checkpoints, the report and the archive work as
they do without a store. Before a run, what the store has and the disk lacks is fetched; after it, what is new is sent.

``<address>/results/<scale>/index.json`` is the list of what the store holds: for each file its SHA-256, its size and
the store's own tag of it, and for each result the engine's record of how it was made. It is sent last: a transfer that
was killed leaves the old list, and what does not fit it is not taken. ``writer.json`` beside it names the run that may
write; it can be created by one alone.
"""

import json
import os
import shutil
import time
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
_FORM = {"sha256": str, "size": int, "tag": str}
_SETTLED = 1.0  # seconds within which a rival that judged the same dead writer has removed the file and written its own


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
        self._is_folder = hasattr(self._system, "auto_mkdir")  # in the place of a bucket
        if self._is_folder:
            self._system.auto_mkdir = True
        self._root = root.rstrip("/")

    def place(self, name: str) -> str:
        """Where a file that is called ``results/<scale>/...`` here is in the store."""
        return f"{self._root}/{name}"

    def index(self) -> Index:
        """The list of what the store holds; an empty one where nothing was sent yet.

        Raises UserError for a list that cannot be read or has another form, and for one that names a file outside the
        scale.
        """
        with explained(self.address, "reading"):
            try:
                content = json.loads(self._system.cat_file(self.place(f"{self.results.as_posix()}/{_INDEX}")))
            except FileNotFoundError:
                return Index()
        problem = _misformed(content, self.scale)
        if problem:
            raise UserError(f"{self.address}/{_INDEX}", problem, remedy="see who wrote it")
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
        if alone and self._is_folder:  # there, fsspec's own way looks first and then writes: two may find nothing
            with self._system.open(place, "xb") as out:
                out.write(raw)
        else:
            self._system.pipe_file(place, raw, mode="create" if alone else "overwrite")

    def writer(self) -> dict[str, Any]:
        """Who may write; empty where nobody does."""
        with suppress(FileNotFoundError, ValueError):
            content = json.loads(self._system.cat_file(self.place(f"{self.results.as_posix()}/{_WRITER}")))
            return content if isinstance(content, dict) else {}
        return {}

    def release(self, writer: Mapping[str, Any]) -> None:
        """Let others write where the one who may is still this one: nobody removes what another has taken over."""
        if self.writer() != writer:
            return
        with suppress(FileNotFoundError):
            self._system.rm_file(self.place(f"{self.results.as_posix()}/{_WRITER}"))


def _tag(info: Mapping[str, Any]) -> str:
    return str(info.get("ETag") or info.get("etag") or info.get("size"))


def _inside(name: str, scale: str) -> bool:
    parts = Path(name).parts
    return name.startswith(f"results/{scale}/") and len(parts) > 2 and not any(part.startswith(".") for part in parts)


def _misformed(content: Any, scale: str) -> str:
    """What is wrong with the form of a store's list; empty where nothing is."""
    files, records = (content.get("files"), content.get("records")) if isinstance(content, dict) else (None, None)
    if not isinstance(files, dict) or not isinstance(records, dict):
        return "it is no list of results: files or records are missing"
    for name, told in files.items():
        if not _inside(name, scale):
            return f"its list names a file outside the scale: {name}"
        if not isinstance(told, dict) or any(not isinstance(told.get(key), kind) for key, kind in _FORM.items()):
            return f"it does not say {', '.join(_FORM)} of {name}"
    for name, record in records.items():
        if not isinstance(record, dict) or not {"rule", "shellcmd"} <= set(record):
            return f"its record of {name} does not say by which rule and command it was made"
    return ""


def _busy(store: Store, found: Mapping[str, Any]) -> UserError:
    who = f"process {found.get('pid')} on {found.get('host')}, since {found.get('since')}" if found else "unnamed"
    remedy = f"wait for it to end; if that process is gone for certain, remove {store.address}/{_WRITER}"
    return UserError(store.address, f"another run writes there ({who})", remedy=remedy)


def _gone(found: Mapping[str, Any]) -> bool:
    """Whether a writer is a process of this host that has ended."""
    pid = found.get("pid")
    return isinstance(pid, int) and not alive(str(found.get("host")), pid, str(found.get("started", "")))


@contextmanager
def held(store: Store, lease: str = "") -> Iterator[None]:
    """Be the one that writes into a store. Raises UserError that names who does, where another run is at work.

    No store removes a file on the condition that it is still the same. Whoever takes over from a dead writer looks once
    more after a moment, since another that had judged the same file may have removed the new one.
    """
    own = myself(lease)
    with explained(store.address, "taking the lock"):
        for again in (False, True):
            try:
                store.write(_WRITER, own, alone=True)
                break
            except FileExistsError:
                found = store.writer()
            if again or not _gone(found):
                raise _busy(store, found)
            store.release(found)
        if again:
            time.sleep(_SETTLED)
        found = store.writer()
        if found != own:
            raise _busy(store, found)
    try:
        yield
    finally:
        with explained(store.address, "letting go of the lock"):
            store.release(own)


def local_files(results: Path) -> dict[str, str]:
    """The digests of what belongs into a store, by name: results, manifest, logs and pages; nothing half-written."""
    found = {}
    for path in sorted(results.rglob("*")):
        inside = path.relative_to(results).parts
        hidden = any(part.startswith(".") for part in inside)
        if not hidden and not path.name.endswith(_ASIDE) and inside != (_INDEX,) and path.is_file():
            found[path.as_posix()] = sha256(path)
    return found


def _told_of_stores(results: Path) -> dict[str, dict[str, str]]:
    """What is remembered of each store, by its address. What an older version wrote named no store, and is left out."""
    try:
        content = json.loads((results / _LAST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {key: of for key, of in content.items() if isinstance(of, dict)} if isinstance(content, dict) else {}


def remembered_as(address: str, environment: Mapping[str, str] = os.environ) -> str:
    """What a store is remembered as: its address, and the server of a bucket where one is set, since buckets of two
    servers may have one name."""
    servers = [environment.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")]
    server = next(filter(None, servers), None) if address.startswith("s3:") else None
    return f"{address} at {server.rstrip('/')}" if server else address


def _last(store: Store) -> dict[str, str]:
    """The digests from which both sides went on: what this store and the disk had in common last."""
    return _told_of_stores(store.results).get(remembered_as(store.address), {})


def _remember(store: Store, digests: Mapping[str, str]) -> None:
    """Keep them for the next transfer from or to this store; what is known of other stores stays."""
    content = {**_told_of_stores(store.results), remembered_as(store.address): dict(digests)}
    with replacing_among_others(store.results / _LAST) as out:
        out.write(json.dumps(content, sort_keys=True).encode())


def _common(index: Index, here: Mapping[str, str], last: Mapping[str, str]) -> dict[str, str]:
    """What both sides have now; of a file of which one has gone on, what both had before: it tells which one."""
    now = {name: told["sha256"] for name, told in index.files.items() if here.get(name) == told["sha256"]}
    return {**{name: digest for name, digest in last.items() if name in index.files}, **now}


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


def _refusal(store: Store, unclear: Sequence[str], where: str, remedy: str) -> UserError:
    more = f" and {len(unclear) - 3} more" if len(unclear) > 3 else ""
    return UserError(store.address, f"other results are {where}: {', '.join(unclear[:3])}{more}", remedy=remedy)


def pull(store: Store, force: bool = False) -> Moved:
    """Fetch what the store has newer; call it with the lock of the results held.

    Every file is compared with the list before it is put in place, and they are put in place together. Raises UserError
    where results here and there differ, and neither is what the other was made from; ``force`` takes the store's.
    """
    index, here, last = store.index(), local_files(store.results), _last(store)
    wanted, unclear = _wanted(index, here, last)
    if unclear and not force:
        remedy = "move them away, take the store's (learnability pull --force), or replace those (push --force)"
        raise _refusal(store, unclear, "here", remedy)
    staged, digests, worthless = staging(store.results), {}, list[str]()
    try:
        said = store.get([*wanted, *unclear], staged) if wanted or unclear else []
        for name in [*wanted, *unclear]:
            if (staged / name).is_file() and sha256(staged / name) == index.files[name]["sha256"]:
                digests[name] = index.files[name]["sha256"]
            elif (staged / name).is_file():
                (staged / name).unlink()
                instead = "what is here stays" if name in here else "it is made again here and sent"
                said.append(f"{name}: damaged in the store: not taken; {instead}")
                worthless.append(name)
        failed = [name for name in [*wanted, *unclear] if name not in digests and name not in worthless]
        stored = store.tags() if failed else {}
        worthless += [name for name in failed if name not in stored]
        for name in [name for name in digests if _unrecorded(name, index, digests, here)]:
            (staged / name).unlink()
            del digests[name]
            worthless.append(name)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    size = sum(index.files[name]["size"] for name in digests)
    if digests:
        put_in_place(store.scale, staged, digests, _as_jobs(index, digests))
    else:
        shutil.rmtree(staged, ignore_errors=True)
    # what is made here in the place of what nobody can fetch comes after it, and may be sent
    replaceable = {name: index.files[name]["sha256"] for name in worthless if name not in here}
    _remember(store, _common(index, {**here, **digests}, {**last, **replaceable}))
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


def push(store: Store, force: bool = False) -> Moved:
    """Send what is new here; call it with the lock of the results held. Nothing is removed from the store.

    What only the store has changed since the last transfer is newer there, and stays. Raises UserError where results
    here and there differ, and neither is what the other was made from; ``force`` replaces the store's.
    """
    index, here, tags, last = store.index(), local_files(store.results), store.tags(), _last(store)
    wanted, unclear = _wanted(index, here, last)
    if unclear and not force:
        remedy = "pull first (learnability pull --force takes the store's), or replace those: learnability push --force"
        raise _refusal(store, unclear, "in the store", remedy)
    newer = {name for name in wanted if name in here}
    new, repaired = [], []
    for name, digest in here.items():
        told = index.files.get(name)
        if told is None or (told["sha256"] != digest and name not in newer):
            new.append(name)
        elif told["sha256"] == digest and tags.get(name) != told["tag"]:
            repaired.append(name)
    if new or repaired:
        _send(store, index, here, new, repaired)
    _remember(store, _common(index, here, last))
    said = [f"{name}: was changed in the store: sent again" for name in repaired]
    said += [f"{len(newer)} files are newer in the store: not sent; learnability pull fetches them"] if newer else []
    return Moved(len(new) + len(repaired), sum(Path(name).stat().st_size for name in (*new, *repaired)), tuple(said))


def _send(store: Store, index: Index, here: Mapping[str, str], new: Sequence[str], repaired: Sequence[str]) -> None:
    """Send files, and then the list with them."""
    store.put([*new, *repaired])
    tags = store.tags()
    for name in [*new, *repaired]:
        index.files[name] = {"sha256": here[name], "size": Path(name).stat().st_size, "tag": tags.get(name, "")}
    index.records |= read_records(name for name in new if Path(name).parts[2] not in (*_OF_THE_RUN, manifest.FOLDER))
    with explained(store.address, "writing the list"):
        store.write(_INDEX, {"scale": store.scale, "files": index.files, "records": index.records})


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
            return _told("sent", push(store, force), store)


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
