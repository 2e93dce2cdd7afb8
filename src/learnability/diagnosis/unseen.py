"""The rows of a diagnosis where directions are left of which no leap was found: what is then known, and what is not.

A direction is unseen where no Hermite coefficient in it was told from zero up to the degree of the expansion, as in
``relu(z1) + sin(20*z2)``, whose coefficients in z2 are of order exp(-200). Laws of the leaps that were found hold for
their directions alone.
"""

from collections.abc import Callable, Sequence

from learnability.diagnosis.result import Diagnosis
from learnability.diagnosis.sources import SOURCES, Row


def confined(found: Diagnosis, rows: Sequence[Row]) -> list[Row]:
    """The rows of a diagnosis, with the laws of incomplete leap sequences confined to the directions found."""
    changed: dict[str, Callable[[Row], Row]] = {}
    unseen = found.correlational.unseen.shape[1]
    if unseen and found.correlational.steps:
        changed = _confined(found, unseen)
    told = [changed[row[0]](row) if row[0] in changed else row for row in rows]
    names = [row[0] for row in told]
    missing = found.generative.unseen.shape[1]
    if missing and "correlational queries" in names and "best low-degree method" not in names:
        said = f"not known: no generative leap was found for {missing} direction{'s' if missing > 1 else ''}"
        source = f"{SOURCES['generative']}; {SOURCES['reuse']}"
        told.insert(names.index("correlational queries") + 1, ("best low-degree method", said, "undecided", source))
    return told


def _confined(found: Diagnosis, unseen: int) -> dict[str, Callable[[Row], Row]]:
    """What each row becomes, by its name."""
    others = f"the other {unseen}" if unseen > 1 else "the other one"
    counted = (
        f"{unseen} of them {'are' if unseen > 1 else 'is'} counted because no coefficient was told from zero there"
    )
    below = "coefficients below the precision can give the others a leap, with constants beyond practical n"
    online = f"for the directions found; not known for {others}, whose leap was not found"
    first = found.correlational.steps[0].exactness
    return {
        "information exponent": lambda row: (row[0], row[1], first, row[3]),
        "leaps": lambda row: (row[0], row[1].replace("; largest:", "; largest found:"), *row[2:]),
        "online SGD": lambda row: (row[0], f"{row[1]} {online}", f"{row[2]}; {below}", row[3]),
        "correlational queries": lambda row: (
            row[0],
            f"{row[1]} by the directions found; {others} can need more",
            *row[2:],
        ),
        "reflective subspace": lambda row: (row[0], f"{row[1]}; {counted}" if found.is_trapped else row[1], *row[2:]),
    }
