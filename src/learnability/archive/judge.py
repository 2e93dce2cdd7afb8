"""The verdicts of an archive, judged again from its analyses by the code that stands here."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnability.archive.members import extract, open_archive, read_json
from learnability.pipeline import kinds
from learnability.report.wording import judged

_COMPARED = ("verdict", "estimate", "interval")


@dataclass(frozen=True)
class Judgement:
    """What judging a study again found: the claims that differ, in words, or why it could not be done.

    With the same code either is a forgery: what was judged once can be judged again.
    """

    study: str
    same_code: bool
    differences: tuple[str, ...]
    problem: str = ""

    @property
    def forged(self) -> bool:
        """Whether the archive's verdicts do not follow from its analyses by the code that judged them."""
        return self.same_code and bool(self.differences or self.problem)

    def render(self) -> list[str]:
        """What a person should know of it; nothing where all is as the archive says."""
        if self.problem:
            return [f"verdicts of {self.study} could not be judged again: {self.problem}"]
        if not self.differences:
            return []
        whose = "do not follow from its analyses" if self.same_code else "differ by the code here, which is another"
        shown = [f"  {line}" for line in self.differences[:10]]
        more = [f"  and {len(self.differences) - 10} more"] if len(self.differences) > 10 else []
        return [f"verdicts of {self.study} {whose}:", *shown, *more]


def judged_again(path: Path, content: Mapping[str, Any]) -> list[Judgement]:
    """Judge the claims of a sound archive again; its ``content`` is that of ``demand_sound``."""
    found = [_judge(path, job) for job in content["jobs"] if job["rule"] == "claims"]
    unjudged = sorted({*content["studies"]} - {judgement.study for judgement in found})
    return [*found, *(Judgement(study, True, (), "no job of the archive judged them") for study in unjudged)]


def _judge(path: Path, job: Mapping[str, Any]) -> Judgement:
    study, named = job["study"], job["parameters"].get("kinds")
    if not kinds.has_study(study):
        return Judgement(study, False, (), "the code here has no such study")
    known = kinds.kinds_of(study)
    if not isinstance(named, list) or not all(name in known for name in named):
        return Judgement(study, False, (), "it names kinds that the code here does not have")
    same = kinds.claims_code(study, tuple(named)) == job["code"]
    (claims,) = job["outputs"]
    with open_archive(path) as archive, tempfile.TemporaryDirectory(prefix="learnability.") as folder:
        present = set(archive.namelist())
        analyses = [name for name in job["inputs"] if name in present]
        if claims not in present or len(analyses) != len(job["inputs"]):
            return Judgement(study, same, (), "analyses or verdicts are not among its files")
        extract(archive, analyses, Path(folder))
        try:
            then = {row["id"]: row for row in read_json(archive, claims)}
            now = {row["id"]: row for row in _rows(study, named, [Path(folder) / name for name in analyses])}
            found = tuple(_differences(then, now))
        except Exception as error:  # whatever a stranger's data make the code of a study do
            return Judgement(study, same, (), f"{type(error).__name__}: {str(error)[:200]}")
    return Judgement(study, same, found)


def _rows(study: str, named: Sequence[str], analyses: list[Path]) -> list[dict[str, Any]]:
    from learnability.pipeline.stages import claims_of_study

    return claims_of_study(study, named, analyses)


def _differences(then: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name in sorted({*then, *now}):
        if name not in now:
            yield f"{name}: the archive says {judged(then[name])}, and there is no such claim"
        elif name not in then:
            yield f"{name}: {judged(now[name])}, and the archive does not have it"
        elif any(then[name].get(key) != now[name][key] for key in _COMPARED):
            yield f"{name}: the archive says {judged(then[name])}, its analyses give {judged(now[name])}"
