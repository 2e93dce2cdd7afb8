"""Configs and targets from strangers: a corpus of what once hung, crashed or filled the memory, and new examples."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

from learnability.hermite.target_language import TargetError, parse, parse_target
from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

from .refusals import fuzz, within_bounds

CORPUS = Path(__file__).parent / "corpus"
MOST_MEMORY = 500  # MB

VALID = """study: atlas
experiments:
  first:
    kind: diagnosis
    settings: {target: {text: h2(z1)}}
    sweep: {}
    threads: 2
    scales:
      laptop: {seeds: 2, seed_batch: 2}
figures:
  answer: {experiments: [first], caption: A caption.}
"""
SNIPPETS = (
    "&a", "*a", "<<: *a", "? [a]\n: b", "? {a: b}", "!!binary x", "!!set", "!!python/name:os", "[" * 60, "{a: " * 60,
    "9" * 4400, "1e999", ".inf", ".nan", "-.inf", "~", "no", "010", "0x_",
    "1:30", "2001-02-30", "2001-01-01T00:00:00Z",
    "../../x", "$(id)", "'", '"', "\\ud800",
    "\t", "\r", "\x00", "\x85", "\ufeff", "\ud7ff", "| \n", "> \n", "---", "...",
    "%YAML 1.1", "# ", ", ", ": ", "- ", "[", "]", "{", "}", "\n", "  ", "seeds: 1000000000",
    "sweep: {a: [1]}", "0", "-1",
    "h2(z1)",
    "threads: 1e9", "study", "first", "laptop", "target", "text", "_" * 100, "x" * 6000, "!!int a", "!!float b",
)  # fmt: skip


def read_config(text: bytes, study: str = "atlas") -> None:
    """What the workflow does with the config of a study before it plans anything."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "studies").mkdir()
        (Path(folder) / "config.yaml").write_text(f"root_seed: 1\nscale: laptop\nstudies: [{study}]\n")
        (Path(folder) / f"studies/{study}.yaml").write_bytes(text)
        table = JobTable(Path(folder))
        for name in table.experiments(study, "laptop"):
            table.analysis_job(study, name, "laptop")


def config_problem(text: str) -> str:
    return within_bounds(lambda: read_config(text.encode("utf-8", "surrogatepass")), UserError)


def read_target(text: str) -> None:
    """A target as a question or a config names it."""
    for read in (parse, parse_target):
        try:
            read(text)
        except TargetError as error:
            refused = error
    if "refused" in locals():
        raise refused


def target_problem(text: str) -> str:
    return within_bounds(lambda: read_target(text), TargetError)


def _spliced(text: str) -> st.SearchStrategy[str]:
    """A text with a few pieces cut out, repeated, or replaced by what readers trip over."""
    places = st.integers(0, len(text))
    cut = st.tuples(places, st.integers(0, 12), st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=8)))

    def apply(cuts: list[tuple[int, int, str]]) -> str:
        found = text
        for place, length, piece in sorted(cuts, reverse=True):
            found = found[:place] + piece + found[place + length :]
        return found

    return st.lists(cut, min_size=1, max_size=4).map(apply)


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(SNIPPETS)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
_BLOCK = st.fixed_dictionaries(
    {"kind": st.one_of(st.just("diagnosis"), _VALUES)},
    optional=dict.fromkeys(("settings", "sweep", "threads", "memory_mb", "gpu", "scales"), _VALUES),
)
_BUILT = st.fixed_dictionaries(
    {"study": st.one_of(st.just("atlas"), _VALUES)},
    optional={"experiments": st.dictionaries(st.one_of(st.just("first"), st.text(max_size=9)), _BLOCK, max_size=2),
              "figures": _VALUES},
).map(lambda content: json.dumps(content, default=str))  # fmt: skip

_STUDIES = {
    path.stem: YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[2] / "config/studies").glob("*.yaml"))
}
_ABSURD = st.one_of(
    st.sampled_from([10**6, 10**9, 10**12, 10**15, 2**63, -(10**12), 1e300, 1e-300]),
    st.lists(st.just(10**9), max_size=50),
    st.integers(1, 400).map(lambda count: [10**6] * count),
    st.just([[[[10**9]]]]),
)


def _places(content: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a config has a number, or a list of them."""
    if isinstance(content, int | float) and not isinstance(content, bool):
        yield before
    elif isinstance(content, dict | list):
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _places(value, (*before, key))


def _with_numbers(study: str, changes: list[tuple[int, Any]]) -> tuple[str, str]:
    """The config of a study with absurd numbers in the place of some of its own."""
    content = json.loads(json.dumps(_STUDIES[study]))
    found = list(_places(content))
    for number, value in changes:
        *path, last = found[number % len(found)]
        inner = content
        for key in path:
            inner = inner[key] if not isinstance(inner, int | float) else {}
        if isinstance(inner, dict | list):
            inner[last] = value
    return study, json.dumps(content)


NUMBERS = st.builds(
    _with_numbers, st.sampled_from(sorted(_STUDIES)), st.lists(st.tuples(st.integers(0, 5000), _ABSURD), min_size=1,
                                                               max_size=3),
)  # fmt: skip


def numbers_problem(example: tuple[str, str]) -> str:
    study, text = example
    return within_bounds(lambda: read_config(text.encode(), study), UserError)


CONFIGS = st.one_of(_spliced(VALID), _BUILT)

_TOKENS = (
    "z1", "z2", "z16", "z64", "h2(z1)", "He3(z2)", "re(z1, z2, 3)", "im(", "sign(", "abs(", "relu(", "tanh(", "erf(",
    "sin(", "cos(", "exp(", "indicator(", "1(", ">", "<", "+", "-", "*", "/", "^", "**", "(", ")", ",", "2",
    "0.5", "1e5",
    "99", "100", "1e308", "0", ".", "^20", "^99",
    "z1^9*z2^9*z3^9", " ", "\n", "h299(z1)", "x1", "_", "z", "\u00b2", "9" * 50,
)  # fmt: skip
TARGETS = st.one_of(st.lists(st.sampled_from(_TOKENS), max_size=25).map("".join), st.text(max_size=40))


def test_new_configs_are_read_or_refused() -> None:
    assert config_problem(VALID) == ""
    read_config(VALID.encode())
    assert fuzz(CONFIGS, config_problem, 0.35) > 0  # type: ignore[arg-type]


def test_absurd_numbers_in_the_configs_of_the_studies_are_planned_or_refused() -> None:
    assert fuzz(NUMBERS, numbers_problem, 0.25) > 0  # type: ignore[arg-type]


def test_new_targets_are_read_or_refused() -> None:
    assert fuzz(TARGETS, target_problem, 0.25) > 0  # type: ignore[arg-type]


def test_the_corpus_is_refused_soon_and_in_little_memory() -> None:
    """In a process of its own, whose memory is limited."""
    command = [sys.executable, "-m", "fuzz.test_input"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _most_memory() -> float:
    """The most memory of this process in MB. The system's own count of it starts with that of the parent."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0.0
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 2**10


# Large ones are written by a rule.
_MADE = {
    "file_large": b"study: atlas\nx: [" + b"1, " * 200_000 + b"1]\n",
    "file_of_limit": b"study: atlas\nx: [" + b"1, " * 33_000 + b"1]\n",
    "nested_20000": b"study: " + b"[" * 20_000 + b"]" * 20_000 + b"\n",
}

# What of the corpus is a valid input after all.
_ACCEPTED = ("sweep_of_2000",)


def _corpus() -> int:
    import resource

    bytes_ = 1500 * 2**20  # of addresses, of which the libraries map a part without using it
    resource.setrlimit(resource.RLIMIT_AS, (bytes_, bytes_))
    fell = []
    kept = {path.stem: path.read_bytes() for path in sorted((CORPUS / "configs").glob("*.yaml"))}
    for name, text in (kept | _MADE).items():
        problem = within_bounds(lambda text=text: read_config(text), UserError)  # type: ignore[misc]
        if not problem and name not in _ACCEPTED:
            try:
                read_config(text)
                problem = "accepted"
            except UserError as error:
                if not error.remedy:
                    problem = "a message without a remedy"
        fell += [f"{name}: {problem}"] if problem else []
    for line in (CORPUS / "targets.txt").read_text(encoding="utf-8").split("\n"):
        problem = target_problem(line)
        fell += [f"{line[:60]!r}: {problem}"] if problem else []
    most = _most_memory()
    fell += [f"{most:.0f} MB"] if most > MOST_MEMORY else []
    print("\n".join(fell))
    return 1 if fell else 0


if __name__ == "__main__":
    sys.exit(_corpus())
