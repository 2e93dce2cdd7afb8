"""``make archive``: packs a finished scale into one file that anyone can verify."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from learnability import __version__
from learnability.archive.crate import SOURCE, metadata
from learnability.archive.inventory import demand_complete, required
from learnability.archive.members import MANIFEST, METADATA, PROVENANCE, manifest, write_archive
from learnability.archive.mirror import send_archive
from learnability.archive.provenance import provenance, unrecorded
from learnability.archive.signature import beside, sign
from learnability.archive.source import read_source
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import jobs
from learnability.pipeline.lock import clear_leftovers, only_one_run
from learnability.results import journal
from learnability.results.atomic import staging
from learnability.results.attributes import sha256
from learnability.results.errors import UserError, make_figures

README = """# {name}

Results of `learnability` {version} at the scale `{scale}`, as a Workflow Run RO-Crate.

- `results/{scale}/report/index.html`: every figure and verdict; open it in a browser, no network is needed
- `results/{scale}/claims.json`: the verdicts for programs
- `results/{scale}/<study>/`: targets, analyses{runs} and figures
- `source/`: the source at commit {commit}{changes}
- `provenance.json`: how each result was made: setting, seeds, code fingerprint, versions, inputs
- `manifest-sha256.txt`: a checksum of every file; `sha256sum -c manifest-sha256.txt` in the unpacked folder checks them
- `source/CITATION.cff`: what to cite

In a clone of the project: `make verify ARCHIVE={name}`, `make restore ARCHIVE={name}`,
`make reproduce ARCHIVE={name} STUDY=<study>`.
"""


def archive_path(scale: str) -> Path:
    """Where the archive of a scale is put."""
    return Path("results/archive") / f"learnability-{__version__}-{scale}.zip"


def _readme(content: dict[str, object], with_runs: bool) -> bytes:
    changes = " with uncommitted changes (listed in `provenance.json`)" if content["uncommitted"] else ""
    name = archive_path(str(content["scale"])).name
    text = README.format(
        name=name,
        version=content["version"],
        scale=content["scale"],
        commit=content["commit"],
        runs=", training artifacts" if with_runs else "",
        changes=changes,
    )
    return text.encode()


def build(table: JobTable, with_runs: bool = False, allow_uncommitted: bool = False, key: Path | None = None) -> Path:
    """Pack the results of the table's scale, signed with ``key`` if there is one, and give the path of the archive.

    No run changes the results meanwhile. Raises UserError for an incomplete or outdated result, and for an uncommitted
    source tree unless it is allowed.
    """
    with only_one_run(Path("results") / table.main.scale / ".lock"):
        members = _members(table, with_runs, allow_uncommitted)
        path = archive_path(table.main.scale)
        put_in_place(path, members, key)
    return path


def put_in_place(path: Path, members: Mapping[str, Path | bytes], key: Path | None = None) -> None:
    """Write an archive and its signature, together: the signature of an earlier archive is none of this one.

    Killed anywhere, the next call or :func:`finish_interrupted` ends it, or nothing has changed.
    """
    folder = path.parent
    with journal.alone(folder):
        clear_leftovers(folder)
        journal.recover(folder, _forget_signature)
        staged = staging(folder)
        try:
            made = [staged / path.name]
            write_archive(made[0], members)
            made += [sign(made[0], key)] if key else []
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        names = {file.name: str(folder / file.name) for file in made}
        journal.commit(folder, staged, names, {"unsigned": "" if key else str(beside(path))}, _forget_signature)


def finish_interrupted() -> bool:
    """End the writing of an archive that was interrupted; whether there was one. In our own folder alone."""
    return journal.end_interrupted(archive_path("laptop").parent, _forget_signature)


def _forget_signature(content: Mapping[str, Any]) -> None:
    if content["unsigned"]:
        Path(content["unsigned"]).unlink(missing_ok=True)


def _members(table: JobTable, with_runs: bool, allow_uncommitted: bool) -> dict[str, Path | bytes]:
    source = read_source(allow_uncommitted)
    made = jobs(table)
    demand_complete(table, made, with_runs)
    wanted = required(made, with_runs)
    content = provenance(table, made, source, with_runs)
    lost = unrecorded(content, set(wanted))
    if lost:
        problem = f"the engine has no record of how these were made: {', '.join(lost[:5])}"
        results = Path("results") / table.main.scale
        raise UserError(str(results), problem, remedy=f"remove these files and run {make_figures(results)} again")
    members: dict[str, Path | bytes] = {path: Path(path) for path in wanted}
    members |= {f"{SOURCE}/{name}": Path(name) for name in source.files}
    members[PROVENANCE] = (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
    members["README.md"] = _readme(content, with_runs)
    files = {name: _digest_and_size(found) for name, found in members.items()}
    members[METADATA] = metadata(content, files, source.date)
    digests = {name: digest for name, (digest, _) in files.items()}
    digests[METADATA] = _digest_and_size(members[METADATA])[0]
    members[MANIFEST] = manifest(digests)
    return members


def _digest_and_size(content: Path | bytes) -> tuple[str, int]:
    if isinstance(content, Path):
        return sha256(content), content.stat().st_size
    return hashlib.sha256(content).hexdigest(), len(content)


def pack(
    scale: str = "",
    studies: str = "",
    with_runs: bool = False,
    allow_uncommitted: bool = False,
    key: Path | None = None,
    store: str = "",
) -> str:
    """Pack a finished scale (of some studies, comma-separated) and say where the archive is and what its digest is.

    ``key`` is a private key of OpenSSH to sign it with, ``store`` the address of a store to send it to.
    """
    overrides = {key: value for key, value in (("scale", scale), ("studies", studies)) if value}
    path = build(JobTable(Path("config"), overrides), with_runs, allow_uncommitted, key)
    signed = f"\nsigned  {beside(path)}" if key else ""
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    sent = f"\nsent    {send_archive(path, store)}" if store else ""
    return f"{path}  ({size}, snakemake {version('snakemake')})\nsha256  {sha256(path)}{signed}{sent}"
