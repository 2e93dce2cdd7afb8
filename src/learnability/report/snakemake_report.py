"""``make report``: the engine's own report of one scale in one HTML file, and only when it is out of date.

The digest of everything that the report shows is written into the report itself (as a comment of its style sheet), so
that a report says by itself whether it is up to date, wherever it was copied to.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

_STYLE = Path("workflow/report/style.css")
_MARK = re.compile(r"/\* report of ([0-9a-f]{64}) \*/")


def path_of(scale: str) -> Path:
    """Where the report of a scale stands."""
    return Path("results") / scale / "report.html"


def _sources(table: JobTable) -> list[Path]:
    scale = table.main.scale
    drawn = [p for study in table.configs for p in table.figure_paths(study, scale) if p.endswith(".svg")]
    others = [Path(f"results/{scale}/{study}/figures") for study in table.other_studies(scale)]
    workflow = [Path("Snakefile"), *Path("workflow").rglob("*.smk"), *Path("workflow/report").iterdir()]
    return [
        *map(Path, drawn),
        *(p for f in others for p in sorted(f.glob("*.svg"))),
        Path(f"results/{scale}/claims.html"),
        *sorted(workflow),
    ]


def digest(table: JobTable) -> str:
    """The digest of what the report shows: figures, captions, the claims page, the rules and the engine's version.

    Raises UserError when a figure or the claims page is missing.
    """
    running = hashlib.sha256(f"{version('snakemake')}\n{table.captions_json()}\n".encode())
    for path in _sources(table):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise UserError(str(path), "is not there yet", remedy="run make figures first") from None
        running.update(f"{path.as_posix()} {len(content)}\n".encode())
        running.update(content)
    return running.hexdigest()


def up_to_date(table: JobTable) -> bool:
    """Whether the report is there and shows what it would show if it were made now."""
    path = path_of(table.main.scale)
    if not path.exists():
        return False
    found = _MARK.search(path.read_text(encoding="utf-8"))
    return found is not None and found[1] == digest(table)


def make(table: JobTable, pass_fds: Sequence[int] = ()) -> Path:
    """Make the report. Raises UserError with the engine's words when it cannot."""
    path = path_of(table.main.scale)
    config = [
        f"scale={table.main.scale}",
        f"studies={','.join([*table.configs, *table.other_studies(table.main.scale)])}",
    ]
    shown = digest(table)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".report.", suffix=".tmp") as folder:
        style = Path(folder) / "style.css"
        style.write_text(f"/* report of {shown} */\n{_STYLE.read_text(encoding='utf-8')}", encoding="utf-8")
        made = Path(folder) / path.name
        command = [sys.executable, "-m", "snakemake", "all", "--report", str(made), "--report-stylesheet", str(style)]
        done = subprocess.run(
            [*command, "--config", *config], text=True, capture_output=True, pass_fds=pass_fds, check=False
        )
        if done.returncode or not made.exists():
            raise UserError(str(path), f"the engine made no report:\n{done.stderr.strip()}", remedy="see above")
        os.replace(made, path)
    return path


def refresh(table: JobTable, pass_fds: Sequence[int] = ()) -> bool:
    """Make the report if it is out of date; whether it was made."""
    if up_to_date(table):
        return False
    make(table, pass_fds)
    return True


def report(scale: str = "", studies: str = "") -> str:
    """Make the report of a scale if it is out of date, and say where it is."""
    table = JobTable(Path("config"), {key: value for key, value in (("scale", scale), ("studies", studies)) if value})
    made = refresh(table)
    return f"{path_of(table.main.scale)}{'' if made else ' is up to date'}"
