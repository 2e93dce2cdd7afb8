"""The pages of the site that are made: gallery and studies, from config and results, and the errors in print."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from learnability.pipeline.pages import introduction
from learnability.report.wording import finding, plain
from learnability.results.rows import read_rows

SCALES = ("laptop", "paper", "smoke")


def _picture(root: Path, study: str, figure: str) -> Path | None:
    """The picture of a figure: from the results when they are there, else the one that is committed."""
    places = [root / f"results/{scale}/{study}/figures/{figure}.png" for scale in SCALES]
    return next((path for path in (*places, root / f"docs/pictures/{study}/{figure}.png") if path.is_file()), None)


def _source(root: Path, study: str) -> str:
    """The paragraph of the study's README that names its source."""
    text = (root / f"src/learnability/studies/{study}/README.md").read_text(encoding="utf-8")
    found = re.search(r"(?:^|\n\n)(?:Source: )(.*?)(?:\n\n|$)", text, re.DOTALL)
    said = found[1] if found else text.split("\n\n")[1]
    return " ".join(re.sub(r"\]\((?!https?:)[^)]*\)", "]", said).split())


def _finding(picture: Path) -> str:
    """What the figure of a picture says it found: from the SVG beside it, else from the picture itself."""
    vector = picture.with_suffix(".svg")
    if vector.is_file():
        return finding(vector.read_text(encoding="utf-8"))
    from PIL import Image

    with Image.open(picture) as image:
        return plain(str(image.info.get("Title", "")))


def _figures(root: Path, study: str) -> dict[str, Any]:
    config = YAML(typ="safe", pure=True).load((root / f"config/studies/{study}.yaml").read_text(encoding="utf-8"))
    return config["figures"]  # type: ignore[no-any-return]


def _title(figure: str) -> str:
    """The name of a figure in words, as the report has it."""
    return figure.replace("_", " ").capitalize()


def _one_line(root: Path, study: str, figure: str, block: Mapping[str, Any]) -> str:
    """The first sentence of a figure's caption, and what it found first where its picture says so."""
    picture = _picture(root, study, figure)
    found = _finding(picture).split("; ")[0].rstrip(".") if picture else ""
    # The first sentence, or what stands before its colon; a colon or full stop in brackets ends nothing.
    ends = r"(?<=[a-z0-9)])[.:](?= )(?![^(]*\))"
    said = re.split(ends, " ".join(block["caption"].split()), maxsplit=1)[0].rstrip(".")
    return f"{_escaped(said)}." + (f" *{_escaped(found)}.*" if found else "")


def gallery_page(root: Path, studies: list[str]) -> str:
    """``docs/gallery.md``: a line for every figure of every study, with the pictures that are there."""
    lines = [
        "# Gallery",
        "",
        "What every figure shows. Each name leads to the caption, the source and the command that draws the figure. "
        "Pictures that are not here are drawn by `make figures`, which leaves all of them in the report, "
        "`results/laptop/report/index.html`.",
        "",
    ]
    for study in studies:
        title, _ = introduction((root / f"src/learnability/studies/{study}/README.md").read_text(encoding="utf-8"))
        lines += [f"## [{_escaped(title)}](generated/gallery/{study}.md)", ""]
        entries = []
        for figure, block in _figures(root, study).items():
            address = f"generated/gallery/{study}.md#{figure.replace('_', '-')}"
            if _picture(root, study, figure):
                lines.append(
                    f"[![{_title(figure)}](generated/pictures/{study}_{figure}.png){{width=300px}}]({address})"
                )
            entries.append(f"- [{_title(figure)}]({address}): {_one_line(root, study, figure, block)}")
        lines += ["", *entries, ""]
    paths = "\n".join(f"generated/gallery/{study}" for study in studies)
    return "\n".join([*lines, f"```{{toctree}}\n:hidden:\n\n{paths}\n```", ""])


def _gallery(root: Path, study: str) -> str:
    lines = [f"# {study}", "", f"Source: {_source(root, study)}", ""]
    for figure, block in _figures(root, study).items():
        lines += [f"## {_title(figure)}", ""]
        picture = _picture(root, study, figure)
        if picture is None:
            lines += ["*(No picture: this page was built without results. `make figures` draws it.)*", ""]
        else:
            kept = root / f"docs/generated/pictures/{study}_{figure}.png"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(picture, kept)
            caption, found = " ".join(block["caption"].split()), _finding(picture)
            said = f"{found}. {caption}" if found else caption
            shown = said.replace("\\", "").replace("[", "(").replace("]", ")")
            lines += [f"![{shown}](../pictures/{study}_{figure}.png)", ""]
            lines += [f"*{_escaped(found)}.*" if found else "", ""]
        module = f"src/learnability/studies/{study}/figures/{figure}.py"
        lines += [
            _escaped(" ".join(block["caption"].split())),
            "",
            f"Drawn by `{module}` from {', '.join(f'`{name}`' for name in block['experiments'])}. Make it alone:",
            "",
            f"```\nsnakemake results/laptop/{study}/figures/{figure}.pdf\n```",
            "",
        ]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return re.sub(r"([*_`|$])", r"\\\1", text).replace("<", "&lt;")


def _readme(root: Path, study: str) -> str:
    """A study's README with its relative links turned into links of the site, or into plain names."""
    text = (root / f"src/learnability/studies/{study}/README.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\((?:\.\./)+docs/([^)]*\.md)\)", r"](../../\1)", text)
    return re.sub(r"\[([^\]]*)\]\((?!https?:|#|\.\./\.\./)[^)]*\)", r"\1", text)


def _root_page(root: Path, name: str) -> str:
    """CHANGELOG.md or CONTRIBUTING.md with its links to docs/ as links of the site."""
    text = (root / name).read_text(encoding="utf-8")
    text = re.sub(r"\]\(docs/([^)]*)\)", r"](\1)", text)
    return text.replace("](CHANGELOG.md", "](changelog.md").replace("](README.md)", "](index.md)")


_SHOWN = "results/laptop"


def _changed(results: Path, committed: Path) -> str:
    """How the verdicts of results differ from the committed ones, as a sentence."""
    rows = read_rows(results / "claims.json"), json.loads(committed.read_text(encoding="utf-8"))["claims"]
    now, then = ({row["id"]: row["verdict"] for row in them} for them in rows)
    count = sum(now.get(name) != then.get(name) for name in now.keys() | then.keys())
    if not count:
        return "Their verdicts are those of the page [verdicts](verdicts.md)."
    return (
        f"{count} of their verdicts {'differs' if count == 1 else 'differ'} from the page [verdicts](verdicts.md), "
        "which shows the last committed run."
    )


def _commit(root: Path) -> str:
    """The commit of the source, and whether files differ from it; empty where there is no git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "--short=10", "HEAD")
    return f"`{head}`{' with changes' if head and git('status', '--porcelain') else ''}" if head else ""


def results_page(root: Path, extra: Path) -> str:
    """``docs/results.md``; the report with its figures and analyses is copied into ``extra``, where there is one.

    Training artifacts, logs and benchmarks stay behind.
    """
    results = root / _SHOWN
    shutil.rmtree(extra, ignore_errors=True)
    extra.mkdir(parents=True)
    head = ["# Results", ""]
    if not ((results / "report/index.html").is_file() and (results / "claims.json").is_file()):
        said = "This site was built where there were no results of the scale `laptop`. `make figures` and then "
        said += "`make docs` adds them."
        return "\n".join([*head, said, ""])
    copied = [*results.glob("report/*"), results / "claims.json"]
    copied += [*results.glob("*/figures/*"), *results.glob("*/*/analysis.zarr.zip")]
    for path in copied:
        kept = extra / path.relative_to(root)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
    commit = _commit(root)
    lines = [
        f'<a href="{_SHOWN}/report/index.html">The report of the scale <code>laptop</code></a>: every figure, every '
        "claim and the analyses behind them, to be looked at without running anything.",
        "",
        f"Copied from `{_SHOWN}` when this site was built{f', from the source at commit {commit}' if commit else ''}. "
        f"{_changed(results, root / 'docs/verdicts.json')} Each page says under *Data* which code, versions and seeds "
        "made an analysis.",
        "",
    ]
    return "\n".join([*head, *lines])


_ERRORS = """\
<!-- Assembled from docs/errors/*.md by `make docs`. Edit nothing here. -->
# Errors in print, with numbers

Wrong statements from four of the five sources, or from summaries of them. Most are quoted as the source prints them;
entries marked *As summarised* quote a [summary of the paper](verdicts.md#summaries), not the paper. Each entry gives
the statement with its place, a derivation of what is wrong, a measured number, and the corrected statement. Each is
derived a second time by another method than the study's (multiprecision, exact arithmetic or enumeration), as a test
in `tests/errors/`. The [verdicts](verdicts.md) hold the claims behind the numbers.
"""


def errors_page(root: Path, studies: list[str]) -> str:
    """``docs/errors.md`` from ``docs/errors/<study>-<slug>.md``: the entries by study, under a list of links to them.

    The first heading of an entry is its title; its links are relative to its own folder. The name of a claim,
    `study/id` between backquotes, becomes a link to its verdict.
    """
    verdicts = json.loads((root / "docs/verdicts.json").read_text(encoding="utf-8"))["claims"]
    known = {row["id"] for row in verdicts}

    def linked(match: re.Match[str]) -> str:
        address = match[1].replace("/", ".", 1)
        return f"[{match[0]}](verdicts.md#{address})" if match[1] in known else match[0]

    contents, sections = [], []
    for study in studies:
        entries = sorted((root / "docs/errors").glob(f"{study}-*.md"))
        if entries:
            contents += ["", f"`{study}`:", ""]
            sections += [f"## {study}", ""]
        for entry in entries:
            head, _, body = entry.read_text(encoding="utf-8").strip().partition("\n")
            title = head.lstrip("# ").strip()
            name = entry.stem
            contents.append(f"- [{title}](#{name})")
            body = re.sub(r"\]\((?:\.\./errors/)?([\w-]+)\.md\)", r"](#\1)", body)
            body = re.sub(r"(?m)^#+(?= )", "####", body.replace("](../", "]("))
            body = re.sub(r"(?<!\[)`([a-z_]+/[\w.-]+)`", linked, body)
            sections += [f'<a id="{name}"></a>', "", f"### {title}", "", body.strip(), ""]
    return "\n".join([_ERRORS.rstrip(), *contents, "", *sections]).rstrip() + "\n"


def write(root: Path) -> None:
    """Write ``docs/generated`` and the copies of the pages that live at the root; unchanged files are left alone."""
    studies = YAML(typ="safe", pure=True).load((root / "config/config.yaml").read_text(encoding="utf-8"))["studies"]
    made = {f"generated/gallery/{study}.md": _gallery(root, study) for study in studies}
    made |= {f"generated/studies/{study}.md": _readme(root, study) for study in studies}
    made |= {f"{name.lower()}.md": _root_page(root, f"{name}.md") for name in ("CHANGELOG", "CONTRIBUTING")}
    made["errors.md"] = errors_page(root, studies)
    made["results.md"] = results_page(root, root / "docs/generated/site")
    made["gallery.md"] = gallery_page(root, studies)
    entries = "\n".join(f"generated/studies/{study}" for study in studies)
    intro = "What each study asks, how it is measured, and what went wrong on the way."
    made["studies.md"] = f"# Studies\n\n{intro}\n\n```{{toctree}}\n:maxdepth: 2\n\n{entries}\n```\n"
    for name, text in made.items():
        path = root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[1])
