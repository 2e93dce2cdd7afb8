"""The console command ``learnability``: what ``make`` calls, with help and shell completion.

Exit status: 0 done, 1 the check that was asked for failed or a job did, 2 a mistake of the user's, 130 interrupted;
``archive verify`` also has 3 and 4 (see its help).
"""

import os
import re
import sys
import tempfile
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from learnability import __version__
from learnability.pipeline import own_files, surroundings
from learnability.results.errors import UserError, comma_separated, nearest
from learnability.results.integrity import SystemTrouble
from learnability.usage import mistake

# What the parser raises for every mistake of the user's: typer has its own copy of click, and no name for this class.
_USAGE_ERROR: Any = typer.BadParameter.__bases__[0]


class Scale(StrEnum):
    """The three scales."""

    smoke = "smoke"
    laptop = "laptop"
    paper = "paper"


class Device(StrEnum):
    """Where training runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def _studies(incomplete: str) -> list[str]:
    """Completions of a comma-separated list of studies."""
    before, comma, last = incomplete.rpartition(",")
    names = sorted(path.stem for path in Path("config/studies").glob("*.yaml"))
    return [f"{before}{comma}{name}" for name in names if name.startswith(last) and name not in before.split(",")]


def _archives(incomplete: str) -> list[str]:
    return [
        path.as_posix() for path in sorted(Path("results/archive").glob("*.zip")) if str(path).startswith(incomplete)
    ]


ScaleOption = Annotated[
    Scale | None,
    typer.Option(help="smoke: minutes; laptop: every figure; paper: the papers' sizes, for a GPU or a cluster. "
                 "Default: the one in config/config.yaml."),
]  # fmt: skip
StudyOption = Annotated[
    str,
    typer.Option(
        "--study",
        metavar="NAME[,NAME...]",
        help="One study, or several. Default: those in config/config.yaml.",
        autocompletion=_studies,
    ),
]
DeviceOption = Annotated[
    Device | None, typer.Option(help="auto takes CUDA where it was measured to be faster. Default: auto.")
]
CoresOption = Annotated[str, typer.Option(metavar="NUMBER|all", help="How many cores to use.")]
ArchiveArgument = Annotated[
    str,
    typer.Argument(
        metavar="ARCHIVE", help="An archive: results/archive/<file>.zip, or its address", autocompletion=_archives
    ),
]


def _store_address(given: str) -> str:
    """An address as it was given; a mistake in it is told before anything is done."""
    from learnability.results.remote import demand_address

    if given:
        demand_address(given)
    return given


StoreOption = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Where the results live, if not here alone: s3://bucket/folder",
        callback=_store_address,
    ),
]
AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="Such as s3://bucket/folder", callback=_store_address)
]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="When does gradient flow or SGD learn a high-dimensional target? Run the studies, look at the results, "
    "archive them. Run it in a clone of the project; `learnability figures --scale smoke` is a good first command.",
)
archive_app = typer.Typer(no_args_is_help=True, help="Pack results into one file; verify, restore and reproduce one.")
app.add_typer(archive_app, name="archive")


# The rarer commands stand under headings of their own, so that the first ones are seen.
_STORE, _COST, _PUBLISH = "Results in an object store", "What runs cost", "For a publication"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"learnability {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _in_project() -> None:
    if not Path("Snakefile").is_file():
        raise UserError(
            str(Path.cwd()),
            "this folder holds no Snakefile, so it is not a clone of the project",
            remedy="change into the clone (the folder with the Makefile) and run the command again",
        )
    surroundings.demand_own_source()
    if own_files.finish_interrupted():
        typer.echo("learnability: ended a change of the project's files that had been interrupted", err=True)


def _text(choice: Enum | None) -> str:
    return "" if choice is None else str(choice.value)


@app.command()
def figures(
    scale: ScaleOption = None,
    study: StudyOption = "",
    figure: Annotated[
        str, typer.Option(metavar="NAME[,NAME...]", help="Only these figures, with what they need.")
    ] = "",
    device: DeviceOption = None,
    cores: CoresOption = "all",
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Where jobs run: a folder of profiles/, such as slurm. Default: here.")
    ] = "",
    store: StoreOption = "",
) -> None:
    """Make every figure and verdict that is missing or out of date.

    Only what changed since the last call runs. A run that is stopped goes on where it stopped.
    """
    _in_project()
    chosen = {"scale": _text(scale), "studies": study, "device": _text(device), "figure": figure, "profile": profile}
    from rich.console import Console

    from learnability import unchanged

    if store or not unchanged.told(chosen, Console()):
        from learnability import launch

        arguments = [f"--{name}={value}" for name, value in chosen.items()]
        raise typer.Exit(launch.main([*arguments, f"--cores={cores}", f"--store={store}"]))


def _transfer(address: str, scale: Scale | None, verb: str, force: bool = False) -> None:
    from learnability.archive import mirror
    from learnability.pipeline.job_table import JobTable

    _in_project()
    table = JobTable(Path("config"), {"scale": scale.value} if scale else {})
    typer.echo(mirror.transfer(address, table.main.scale, verb, force))


@app.command(rich_help_panel=_STORE)
def push(
    address: AddressArgument,
    scale: ScaleOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace other results that are in the store.")] = False,
) -> None:
    """Send the results of a scale to an object store: what is new, and what was changed there. Nothing is removed."""
    _transfer(address, scale, "push", force)


@app.command(rich_help_panel=_STORE)
def pull(
    address: AddressArgument,
    scale: ScaleOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace other results that are in the way.")] = False,
) -> None:
    """Fetch the results of a scale from an object store, with its records, so that nothing has to run again."""
    _transfer(address, scale, "pull", force)


@app.command(rich_help_panel=_COST)
def cost(
    scale: ScaleOption = None,
    study: StudyOption = "",
    cores: CoresOption = "all",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="First write the costs of the finished scale into workflow/costs.json.")
    ] = False,
    probe: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.0,
            help="First run each training that was never measured for this many seconds.",
        ),
    ] = 0.0,
) -> None:
    """Say what a scale costs, from earlier runs: CPU time, longest job, memory, time on a given number of cores."""
    from learnability import launch

    _in_project()
    typer.echo(launch.cost(_text(scale), study, cores, refresh, probe))


@app.command(rich_help_panel=_COST)
def spent(
    scale: ScaleOption = None,
    longest: Annotated[int, typer.Option(min=0, help="How many of the longest jobs to list.")] = 10,
) -> None:
    """Say where the CPU time of the last runs went: starting, imports, compilation, reading, computing, writing.

    By stage, by study, and for the longest jobs. Every job measures itself; nothing runs again.
    """
    from learnability.pipeline import spent as times
    from learnability.pipeline.job_table import JobTable

    _in_project()
    table = JobTable(Path("config"), {"scale": _text(scale)} if scale else {})
    typer.echo(times.table(Path("results") / table.main.scale, longest))


def _questions(incomplete: str) -> list[str]:
    return sorted(path.stem for path in Path("config/questions").glob("*.yaml") if path.stem.startswith(incomplete))


@app.command()
def ask(
    target: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET...",
            help='Targets, such as "h2(z1) + h3(z2)", or the name of one question in config/questions/.',
            autocompletion=_questions,
        ),
    ],
    dimension: Annotated[int, typer.Option("--dimension", "-d", help="The dimension of the data.")] = 1000,
    check: Annotated[bool, typer.Option("--check", help="Run algorithms on finite samples, too.")] = False,
    sweep: Annotated[
        list[str] | None, typer.Option(help='Values of a coefficient: --sweep c=0,0.1,1 for "h2(z1) + c*h3(z2)".')
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(help='A function of your own from a file of two columns: --link g=values.csv for "g(z1)".'),
    ] = None,
    label_noise: Annotated[float, typer.Option(help="The standard deviation of noise on the label.")] = 0.0,
    seeds: Annotated[
        int | None, typer.Option(help="Random starts of the flows. Default: 128, or 32 for five variables and more.")
    ] = None,
    name: Annotated[str, typer.Option(help="The name of the question. Default: one made from the target.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="The diagnosis alone; nothing is run or written.")] = False,
    inputs: Annotated[
        Literal["gaussian", "cube"],
        typer.Option(help="Variables: normal z1, z2, ..., or bits x1, x2, ... (cube)."),
    ] = "gaussian",
    cores: CoresOption = "all",
) -> None:
    """Ask what learns a target: exponents and traps at once, then times, samples and a page in results/questions/.

    The question is kept in config/questions/<name>.yaml, and its answer is made again only when something changed.
    """
    from learnability import asking

    _in_project()
    status = asking.command(
        target, dimension, check, sweep or [], seeds, name, quick, cores, inputs, link or [], label_noise
    )
    raise typer.Exit(status)


@app.command()
def status(
    scale: ScaleOption = None,
    study: StudyOption = "",
    everything: Annotated[bool, typer.Option("--all", help="List every output that is not current.")] = False,
    store: StoreOption = "",
) -> None:
    """Say which results are up to date and which are not, and why.

    current: nothing that it was made from changed; stale: its code, a setting or an input did.

    edited, damaged: its bytes are not those that were made; foreign: no job makes such a file.

    Exit status 1 when something is not current, or nothing has been made. --store compares a store with what was sent
    there, fetching nothing.
    """
    from learnability.archive import mirror
    from learnability.archive.snakemake_records import without_records
    from learnability.pipeline import status as states
    from learnability.pipeline.job_table import JobTable

    _in_project()
    chosen = {"scale": _text(scale), "studies": study}
    table = JobTable(Path("config"), {key: value for key, value in chosen.items() if value})
    if store:
        said, good = mirror.compare(store, table.main.scale)
    else:
        said, good = states.screen(table, everything, without_records)
    typer.echo(said)
    raise typer.Exit(0 if good else 1)


@app.command()
def why(
    file: Annotated[
        Path, typer.Argument(help="An output: an artifact, a figure, claims.json or a page of the report.")
    ],
) -> None:
    """Explain how a file is made: its settings, seeds, code and inputs, and which of them have changed since."""
    from learnability.pipeline import status as states
    from learnability.pipeline.job_table import JobTable

    _in_project()
    here, full = Path.cwd().resolve(), file.resolve()
    parts = (full.relative_to(here) if file.is_absolute() and full.is_relative_to(here) else file).parts
    asked = parts[:2] == ("results", "questions")
    if len(parts) < 3 or parts[0] != "results" or not (asked or parts[1] in list(Scale)):
        allowed = "results/<scale>/..., with the scale smoke, laptop or paper, or results/questions/..."
        scale = parts[1] if len(parts) > 2 and parts[0] == "results" else ""
        remedy = nearest(scale, [*Scale, "questions"], "name a file below results/")
        raise UserError(str(file), "is not an output of the workflow", allowed, remedy)
    typer.echo(states.why(JobTable(Path("config"), {} if asked else {"scale": parts[1]}), Path(*parts).as_posix()))


@app.command()
def report(scale: ScaleOption = None, study: StudyOption = "") -> None:
    """Write the pages of results/<scale>/report/ from the results that are there. `figures` does this too."""
    from learnability import launch

    _in_project()
    typer.echo(launch.write_report(_text(scale), study))


@app.command("paper-exports", rich_help_panel=_PUBLISH)
def paper_exports(scale: ScaleOption = None) -> None:
    """Write figures as PDF and claims.tex, macros by claim, for a paper that cites the results of a scale."""
    from learnability import launch

    _in_project()
    typer.echo(launch.export_for_papers(_text(scale)))


@app.command(rich_help_panel=_PUBLISH)
def verdicts(
    claims: Annotated[Path, typer.Argument(help="The claims.json of a finished scale.")] = Path(
        "results/laptop/claims.json"
    ),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 when a page is out of step.")
    ] = False,
    archive: Annotated[
        list[Path] | None, typer.Option(help="An archive of that scale, or several; the page shows their digests.")
    ] = None,
) -> None:
    """Write the verdicts into docs/verdicts.md and docs/verdicts.json.

    Those of another scale than laptop go into docs/verdicts_SCALE.md and .json, beside those of laptop.
    """
    from learnability import launch
    from learnability.report import verdict_table
    from learnability.results.rows import read_rows

    _in_project()
    if not check:
        scale = claims.resolve().parent.name
        if scale not in list(Scale) and claims.parts[:-2] == ("results",) and not claims.exists():
            remedy = nearest(scale, Scale, "name one of them")
            raise UserError(str(claims), f"there is no scale {scale!r}", ", ".join(Scale), remedy)
        read_rows(claims)  # a file that is not there is named before anything else is wrong with its scale
        if scale == verdict_table.MAIN_SCALE:
            verdict_table.write(claims)
        else:
            verdict_table.write_beside(claims, launch.cost(scale, "", "all", False), archive or ())
    elif not verdict_table.in_step():
        typer.echo(
            "docs/verdicts.md, or the page of another scale, does not follow from the .json beside it and "
            "docs/robustness.json: run make verdicts",
            err=True,
        )
        raise typer.Exit(1)


@app.command(rich_help_panel=_PUBLISH)
def robustness(
    scale: ScaleOption = None,
    study: StudyOption = "",
    other: Annotated[
        list[Path] | None,
        typer.Option(help="Results to compare with: a folder like results/laptop of another root seed or tolerance."),
    ] = None,
    root_seed: Annotated[
        list[int] | None,
        typer.Option(
            help="Run the studies with this root seed first, in .cache/robustness: costs what the scale costs."
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Perturbations by rounding.")] = 5,
    cores: CoresOption = "all",
) -> None:
    """Measure whether the verdicts hold under rounding and other seeds, and how many are wrong by chance.

    Writes docs/robustness.md and docs/robustness.json. Rounding and false alarms take about a minute for all studies.
    """
    from learnability.pipeline.job_table import JobTable
    from learnability.report import robustness as robust

    _in_project()
    chosen = {"scale": _text(scale), "studies": study}
    table = JobTable(Path("config"), {key: value for key, value in chosen.items() if value})
    others = [(path.as_posix(), path) for path in other or []]
    others += [(f"root seed {seed}", robust.run_with_root_seed(table, seed, cores)) for seed in root_seed or []]
    typer.echo(robust.write(table, others, draws))


@app.command("new-study")
def new_study(
    name: Annotated[str, typer.Argument(help="The name of the study: lower-case letters, digits and underscores.")],
) -> None:
    """Create a study from the template: one kind, one figure, its config and its tests, ready to run and to change."""
    _in_project()
    typer.echo(_create(name))


def _create(name: str) -> str:
    """Render ``templates/study`` into the project; what was made and what to do next."""
    from learnability.pipeline.config import demand_study_name

    demand_study_name("NAME", name)
    places = ("src/learnability/studies/{}", "config/studies/{}.yaml", "tests/studies/{}")
    made = [Path(place.format(name)) for place in places]
    there = [str(path) for path in made if path.exists()]
    if there:
        raise UserError(there[0], "exists already", remedy="choose another name, or remove it")
    try:
        from cookiecutter.main import cookiecutter
    except ImportError:
        remedy = f"run make new-study NAME={name}, which installs it"
        raise UserError("templates/study", "the package cookiecutter is not installed", remedy=remedy) from None
    with tempfile.TemporaryDirectory(prefix="learnability.") as folder:
        cookiecutter("templates/study", no_input=True, output_dir=folder, extra_context={"study": name})
        top = Path(folder) / name
        files = {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
    main = Path("config/config.yaml")
    text = main.read_text(encoding="utf-8")
    listed, count = re.subn(r"(?m)^(studies:.*\n(?:  - .*\n)+)", rf"\1  - {name}\n", text)
    if count:
        files[main.as_posix()] = listed.encode()
    own_files.replace_together(files)
    lines = [f"made {path}" for path in made]
    lines.append(f"added {name} to {main}" if count else f"add {name} to the list of studies in {main}")
    lines.append(f"next: make figures STUDY={name} SCALE=smoke, then change it: docs/guides/adding_a_study.md")
    return "\n".join(lines)


@archive_app.command()
def pack(
    scale: ScaleOption = None,
    study: StudyOption = "",
    with_runs: Annotated[bool, typer.Option("--with-runs", help="Include the training artifacts.")] = False,
    allow_uncommitted: Annotated[
        bool, typer.Option("--allow-uncommitted", help="Accept a source tree with changes; the archive lists them.")
    ] = False,
    sign: Annotated[
        Path | None, typer.Option(metavar="KEY", help="Sign it with this private key of OpenSSH: <archive>.sig.")
    ] = None,
    store: StoreOption = "",
) -> None:
    """Pack a finished scale into results/archive/: one file with results, source and provenance."""
    from learnability.archive import pack as packing

    _in_project()
    typer.echo(packing.pack(_text(scale), study, with_runs, allow_uncommitted, sign and sign.expanduser(), store))


@archive_app.command()
def verify(
    archive: ArchiveArgument,
    no_profile: Annotated[bool, typer.Option("--no-profile", help="Check structure and checksums only.")] = False,
    validator: Annotated[
        Path | None, typer.Option(help="The Python that has roc-validator. Default: that of .venv-validator.")
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Allowed signers of OpenSSH: demand a signature by one of them."),
    ] = None,
    no_verdicts: Annotated[bool, typer.Option("--no-verdicts", help="Do not judge the verdicts again.")] = False,
) -> None:
    """Check that an archive is, byte for byte, what was packed, and a valid Workflow Run RO-Crate.

    Its verdicts are judged again from its analyses.

    Exit status: 0 sound and valid, 1 damaged, refused, not signed as demanded, or with verdicts that do not follow or
    that the code which judged them cannot judge again, 2 no such file, 3 sound but not valid by the profile, 4 sound,
    but the profile could not be checked.
    """
    from learnability.archive import pack as packing
    from learnability.archive import verify as verifying
    from learnability.results.remote import local_copy

    packing.finish_interrupted()
    python = validator or verifying.VALIDATOR
    known = signers and signers.expanduser()
    raise typer.Exit(verifying.verify(local_copy(archive), not no_profile, python, known, not no_verdicts))


@archive_app.command()
def restore(
    archive: ArchiveArgument,
    force: Annotated[bool, typer.Option("--force", help="Replace other results that are in the way.")] = False,
) -> None:
    """Put the results of an archive into results/, so that only what has changed since is made again."""
    from learnability.archive import restore as restoring
    from learnability.results.remote import local_copy

    _in_project()
    found = local_copy(archive)
    typer.echo(restoring.describe(found, restoring.restore(found, force)))


@archive_app.command()
def reproduce(
    archive: ArchiveArgument,
    study: Annotated[
        str,
        typer.Option(metavar="NAME[,NAME...]", help="One study of the archive, or several.", show_default="all"),
    ] = "",
    device: DeviceOption = None,
    cores: CoresOption = "all",
) -> None:
    """Run studies of an archive again, in a folder of their own, and compare. Exit status 1 when they differ."""
    from learnability.archive import reproduce as reproducing
    from learnability.results.remote import local_copy

    _in_project()
    chosen = comma_separated(study)
    raise typer.Exit(0 if reproducing.reproduce(local_copy(archive), chosen, _text(device), cores) else 1)


def _in_clean_surrounding() -> None:
    """Start again without a PYTHONPATH of the user's, before any library is imported that it could replace."""
    if os.environ.get("PYTHONPATH", str(surroundings.SOURCE)) != str(surroundings.SOURCE):
        os.execve(sys.executable, [sys.executable, "-m", "learnability.cli", *sys.argv[1:]], surroundings.clean())


def main() -> None:
    """Run the command line; a mistake of the user's is printed without a traceback and ends with status 2."""
    _in_clean_surrounding()
    try:
        sys.exit(app(prog_name="learnability", standalone_mode=False))
    except _USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
        else:
            print(mistake(error, sys.argv[1:]).render(), file=sys.stderr)
        sys.exit(2)
    except typer.Abort:
        sys.exit(130)
    except UserError as error:
        print(error.render(), file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(SystemTrouble(error).render(), file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
