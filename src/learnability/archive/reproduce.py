"""``make reproduce``: runs studies again from the config of an archive and compares with what the archive holds.

The run happens in a folder of its own (``.cache/reproduce/``), with the code that stands here and the config of the
archive: results that are here are neither used nor touched. On the platform of the archive the bytes are the same; on
another, every estimate has to lie in the archived interval, and every verdict has to be the same.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnability.archive.crate import SOURCE
from learnability.archive.members import extract, open_archive
from learnability.archive.restore import source_differences
from learnability.archive.verify import demand_sound
from learnability.pipeline.elsewhere import alone_in, copy_project, run_in
from learnability.report.wording import interval, number
from learnability.results.attributes import sha256
from learnability.results.errors import UserError, nearest

_DATA = ("targets", "train", "analyse", "figures", "claims")
_ROUNDING = 1e-6
"""Relative slack of an interval without width: another platform rounds differently."""


@dataclass(frozen=True)
class Move:
    """One claim, then and now."""

    id: str
    then: Mapping[str, Any]
    now: Mapping[str, Any]

    @property
    def inside(self) -> bool:
        """Whether the estimate lies in the archived interval and the verdict is the same."""
        return self._within and self.then["verdict"] == self.now["verdict"]

    @property
    def _within(self) -> bool:
        if self.then["estimate"] is None or self.now["estimate"] is None:
            return bool(self.then["estimate"] == self.now["estimate"])
        low, high = self.then["interval"]
        slack = _ROUNDING * max(1.0, abs(self.then["estimate"]))
        above = low is None or self.now["estimate"] >= low - slack
        below = high is None or self.now["estimate"] <= high + slack
        return bool(above and below)

    def render(self) -> str:
        said = "within" if self.inside else "VERDICT" if self._within else "OUTSIDE"
        then = f"{number(self.then['estimate'])} {interval(self.then)} {self.then['verdict']}"
        now = f"{number(self.now['estimate'])} {interval(self.now)} {self.now['verdict']}"
        return f"{said:8} {self.id}\n           archive  {then}\n           now      {now}"


def moves(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[Move]:
    """The claims whose estimate, interval or verdict differ. Raises UserError when the lists name other claims."""
    if [row["id"] for row in then] != [row["id"] for row in now]:
        differ = sorted({row["id"] for row in then} ^ {row["id"] for row in now})
        raise UserError("the claims", f"the code here declares others: {', '.join(differ)}", remedy="use that commit")
    compared = ("estimate", "interval", "verdict")
    pairs = zip(then, now, strict=True)
    return [Move(a["id"], a, b) for a, b in pairs if any(a[key] != b[key] for key in compared)]


def _prepare(archive: Path, folder: Path) -> None:
    """The code that is here beside the config of the archive. An unfinished earlier attempt goes on."""
    unfinished = folder / "unfinished"
    if not unfinished.exists():
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    copy_project(folder)
    shutil.rmtree(folder / "config", ignore_errors=True)
    with open_archive(archive) as opened:
        names = [name for name in opened.namelist() if name.startswith(f"{SOURCE}/config/")]
        extract(opened, names, folder / "archived")
    os.replace(folder / "archived" / SOURCE / "config", folder / "config")
    shutil.rmtree(folder / "archived")


def _differing(content: Mapping[str, Any], folder: Path, studies: Iterable[str]) -> tuple[int, list[str]]:
    """How many results of these studies were compared, and those whose bytes differ."""
    chosen = set(studies)
    wanted = {
        name: digest
        for job in content["jobs"]
        if job["study"] in chosen and job["rule"] in _DATA
        for name, digest in job["outputs"].items()
        if digest
    }
    differ = [n for n, digest in wanted.items() if not (folder / n).is_file() or sha256(folder / n) != digest]
    return len(wanted), differ


def _archived_claims(archive: zipfile.ZipFile, scale: str, study: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(archive.read(f"results/{scale}/{study}/claims.json"))
    return rows


def _compare_claims(path: Path, folder: Path, scale: str, studies: Iterable[str]) -> list[Move]:
    found: list[Move] = []
    with open_archive(path) as archive:
        for study in studies:
            now = json.loads((folder / f"results/{scale}/{study}/claims.json").read_text(encoding="utf-8"))
            found += moves(_archived_claims(archive, scale, study), now)
    return found


def _say_what_moved(content: Mapping[str, Any], compared: int, differ: list[str], moved: list[Move]) -> None:
    print(f"{compared - len(differ)} of {compared} results have the bytes of the archive; these have not:")
    print("\n".join(f"  {name}" for name in differ[:30]))
    if len(differ) > 30:
        print(f"  and {len(differ) - 30} more")
    versions = {json.dumps(job["versions"], sort_keys=True) for job in content["jobs"] if job.get("versions")}
    print("made in the archive with " + "; ".join(sorted(versions)))
    if moved:
        print("\n".join(["claims that moved:", *(move.render() for move in moved)]))
    else:
        print("no claim moved")


def reproduce(path: Path, chosen: Sequence[str] = (), device: str = "", cores: str = "all") -> bool:
    """Run again and compare; whether everything is reproduced.

    Raises UserError for an archive that is not sound, for a study that it does not have, where the run fails, and while
    another command reproduces an archive of that name.
    """
    content = demand_sound(path)
    studies = list(chosen) or content["studies"]
    unknown = sorted(set(studies) - set(content["studies"]))
    if unknown:
        remedy = nearest(unknown[0], content["studies"], "choose one of those allowed")
        raise UserError("STUDY", f"the archive has no study {unknown[0]!r}", ", ".join(content["studies"]), remedy)
    for line in (d for d in source_differences(path) if "config/" not in d):
        print(f"note: the code here is not that of the archive: {line}")
    folder = Path(".cache/reproduce") / path.stem
    with alone_in(folder):
        _prepare(path, folder)
        run_in(folder, content["scale"], studies, cores, device)
        compared, differ = _differing(content, folder, studies)
        (folder / "unfinished").unlink()
        moved = _compare_claims(path, folder, content["scale"], studies) if differ else []
    if not differ:
        print(f"reproduced: all {compared} results of {', '.join(studies)} have the bytes of the archive")
        return True
    _say_what_moved(content, compared, differ, moved)
    good = all(move.inside for move in moved)
    said = "reproduced: every estimate lies in its archived interval, every verdict is the same"
    print(said if good else "NOT reproduced")
    return good
