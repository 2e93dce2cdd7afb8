"""The pages of the site that are made: gallery and studies, from config and results, and the errors in print."""

import json
import re
import shutil
from pathlib import Path

from ruamel.yaml import YAML

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


def _gallery(root: Path, study: str) -> str:
    config = YAML(typ="safe", pure=True).load((root / f"config/studies/{study}.yaml").read_text(encoding="utf-8"))
    lines = [f"# {study}", "", f"Source: {_source(root, study)}", ""]
    for figure, block in config["figures"].items():
        lines += [f"## {figure}", ""]
        picture = _picture(root, study, figure)
        if picture is None:
            lines += ["*(No picture here: the results were not there when this page was built.)*", ""]
        else:
            kept = root / f"docs/generated/pictures/{study}_{figure}.png"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(picture, kept)
            caption = " ".join(block["caption"].split())
            shown = caption.replace("\\", "").replace("[", "(").replace("]", ")")
            lines += [f"![{shown}](../pictures/{study}_{figure}.png)", ""]
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
    return re.sub(r"([*_`|$])", r"\\\1", text)


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


_ERRORS = """\
<!-- Assembled from docs/errors/*.md by `make docs`. Edit nothing here. -->
# Errors in print, with numbers

Statements of the five sources that are wrong as printed. Each entry gives the statement with its place, a derivation of
what is wrong, a measured number, and the corrected statement. Each is derived a second time by another method than the
study's (multiprecision, exact arithmetic or enumeration), as a test in `tests/errors/`. The
[verdicts](verdicts.md) hold the claims behind the numbers.
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
    for folder, title, intro in (
        (
            "gallery",
            "Gallery",
            "Every figure, with its caption, its source and the command that makes it.",
        ),
        ("studies", "Studies", "What each study asks, how it is measured, and what went wrong on the way."),
    ):
        entries = "\n".join(f"generated/{folder}/{study}" for study in studies)
        made[f"{folder}.md"] = f"# {title}\n\n{intro}\n\n```{{toctree}}\n:maxdepth: 2\n\n{entries}\n```\n"
    for name, text in made.items():
        path = root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[1])
