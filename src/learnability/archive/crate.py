"""The metadata of an archive: a Workflow Run RO-Crate (RO-Crate 1.1, Workflow Run Crate 0.5)."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from learnability.pipeline.config import read_yaml

SOURCE = "source"
_WORKFLOW = f"{SOURCE}/Snakefile"
_PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
_TYPES = {
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".zip": "application/zip",
    ".json": "application/json",
    ".html": "text/html",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".toml": "application/toml",
    ".py": "text/x-python",
}


def media_type(name: str) -> str:
    return _TYPES.get(Path(name).suffix, "text/plain")


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(round(seconds), datetime.UTC).isoformat()


def _times(jobs: list[dict[str, Any]]) -> dict[str, str]:
    """Start and end of what these jobs did, as far as it was recorded."""
    records = [job["record"] for job in jobs if job["record"] and job["record"]["endtime"]]
    if not records:
        return {}
    start, end = min(r["starttime"] for r in records), max(r["endtime"] for r in records)
    return {"startTime": _moment(min(start, end)), "endTime": _moment(end)}


class CrateWriter:
    """Builds the metadata of one archive. ``files`` maps each member to its (SHA-256, size)."""

    def __init__(self, content: Mapping[str, Any], citation: Mapping[str, Any], date: str, snakemake: str) -> None:
        from rocrate.rocrate import ROCrate

        self.content, self.citation, self.snakemake = content, citation, snakemake
        self.crate = ROCrate(version="1.1")
        self.crate.name = f"{citation['title']} ({content['scale']} scale)"
        self.crate.description = (
            f"Figures, verdicts and data of the studies {', '.join(content['studies'])} at the scale "
            f"{content['scale']}, with the source that made them (commit {content['commit']})."
        )
        self.crate.datePublished = datetime.datetime.fromisoformat(date)
        self.crate.root_dataset["version"] = content["version"]
        self.crate.metadata.extra_contexts.append("https://w3id.org/ro/terms/workflow-run/context")

    def _entity(self, identifier: str, **properties: Any) -> Any:
        from rocrate.model.contextentity import ContextEntity

        known = self.crate.dereference(identifier)
        if known is not None:
            return known
        properties = {key.replace("type_", "@type"): value for key, value in properties.items()}
        return self.crate.add(ContextEntity(self.crate, identifier, properties=properties))

    def add_profiles(self) -> None:
        """What the crate conforms to."""
        self.crate.root_dataset["conformsTo"] = [
            self._entity(identifier, type_="CreativeWork", name=name, version=version)
            for identifier, name, version in _PROFILES
        ]

    def add_citation(self) -> Any:
        """Who made it, under which license, and what to cite with it; the author."""
        spdx = self.citation["license"]
        self.crate.license = self._entity(
            f"https://spdx.org/licenses/{spdx}", type_="CreativeWork", name=spdx, description=f"The license {spdx}"
        )
        authors = [
            self._entity(f"#author-{number}", type_="Organization", name=_author(author))
            for number, author in enumerate(self.citation["authors"], start=1)
        ]
        self.crate.root_dataset["author"] = authors
        self.crate.root_dataset["publisher"] = authors[0]
        self.crate.root_dataset["citation"] = [
            self._entity(
                _reference_id(number, work),
                type_="ScholarlyArticle" if work["type"] == "article" else "CreativeWork",
                name=work["title"],
                author=", ".join(_author(author) for author in work["authors"]),
                datePublished=str(work["year"]),
            )
            for number, work in enumerate(self.citation.get("references", []), start=1)
        ]
        return authors[0]

    def add_files(self, files: Mapping[str, tuple[str, int]]) -> None:
        """Every member with its checksum, the workflow among them."""
        for name, (digest, size) in sorted(files.items()):
            properties = {"encodingFormat": media_type(name), "sha256": digest, "contentSize": str(size)}
            if name != _WORKFLOW:
                self.crate.add_file(Path(name), name, properties={"name": name, **properties})
                continue
            workflow = self.crate.add_workflow(
                Path(name), name, main=True, lang="snakemake", lang_version=self.snakemake, properties=properties
            )
            workflow["name"] = "learnability"
            workflow["softwareRequirements"] = self._entity(
                "#snakemake-engine", type_="SoftwareApplication", name="Snakemake", version=self.snakemake
            )

    def add_run(self, agent: Any) -> None:
        """The run as a whole, and each job of it as an action of its own."""
        jobs = self.content["jobs"]
        results = [path for job in jobs for path in job["outputs"] if self.crate.dereference(path)]
        configs = [e.id for e in self.crate.get_entities() if e.id.startswith(f"{SOURCE}/config/")]
        action = self._entity(
            "#run",
            type_="CreateAction",
            name=f"The workflow at the scale {self.content['scale']}",
            actionStatus="http://schema.org/CompletedActionStatus",
            **_times(jobs),
        )
        action["instrument"] = self.crate.mainEntity
        action["agent"] = agent
        action["object"] = [self.crate.dereference(path) for path in configs]
        action["result"] = [self.crate.dereference(path) for path in results]
        actions = [action, *(self._job_action(job) for job in jobs if self._stored(job))]
        self.crate.root_dataset["mentions"] = actions

    def _stored(self, job: Mapping[str, Any]) -> bool:
        return all(self.crate.dereference(path) for path in job["outputs"])

    def _job_action(self, job: Mapping[str, Any]) -> Any:
        title = " ".join(p for p in (job["rule"], "/".join(q for q in (job["study"], job["name"]) if q)) if p)
        action = self._entity(
            f"#job-{next(iter(job['outputs']))}",
            type_="CreateAction",
            name=title,
            actionStatus="http://schema.org/CompletedActionStatus",
            **_times([dict(job)]),
        )
        action["instrument"] = self._entity(
            f"#stage-{job['rule']}", type_="SoftwareApplication", name=f"learnability, stage {job['rule']}"
        )
        action["agent"] = self.crate.root_dataset["author"]
        action["result"] = [self.crate.dereference(path) for path in job["outputs"]]
        inputs = [found for path in job["inputs"] if (found := self.crate.dereference(path))]
        action["object"] = inputs + self._values(job)
        return action

    def _values(self, job: Mapping[str, Any]) -> list[Any]:
        """Parameters (setting, seeds, root seed), code fingerprint and versions of a job, as property values."""
        facts = {"code fingerprint": job["code"], **job["parameters"]}
        facts |= {"versions": job["versions"]} if "versions" in job else {}
        values = []
        for name, value in facts.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            if name in ("study", "experiment", "figure", "experiments") or not text:
                continue
            digest = _short(f"{name} {text}")
            values.append(self._entity(f"#value-{digest}", type_="PropertyValue", name=name, value=text))
        return values

    def to_json(self) -> bytes:
        """The metadata file; its entities in the order of their ids."""
        document = self.crate.metadata.generate()
        document["@graph"] = [{key: _alone(value) for key, value in entity.items()} for entity in document["@graph"]]
        document["@graph"] = sorted(document["@graph"], key=_position)
        return (json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _alone(value: Any) -> Any:
    """A list of one as its only entry, as RO-Crate recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _position(entity: Mapping[str, Any]) -> tuple[bool, str]:
    """The metadata file itself first, as readers expect; the others by id."""
    return entity["@id"] != "ro-crate-metadata.json", entity["@id"]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _author(author: Mapping[str, Any]) -> str:
    return author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()


def _reference_id(number: int, work: Mapping[str, Any]) -> str:
    values = [str(i["value"]) for i in work.get("identifiers", [])]
    arxiv = [value.removeprefix("arXiv:") for value in values if value.startswith("arXiv:")]
    return f"https://arxiv.org/abs/{arxiv[0]}" if arxiv else f"#reference-{number}"


def metadata(content: Mapping[str, Any], files: Mapping[str, tuple[str, int]], date: str) -> bytes:
    """``ro-crate-metadata.json`` for these members; ``content`` is that of ``provenance.json``."""
    from importlib.metadata import version

    citation = read_yaml(Path("CITATION.cff"))
    writer = CrateWriter(content, citation, date, version("snakemake"))
    writer.add_profiles()
    agent = writer.add_citation()
    writer.add_files(files)
    writer.add_run(agent)
    return writer.to_json()
