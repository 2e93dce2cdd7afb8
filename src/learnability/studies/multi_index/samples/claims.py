"""What the paper suggests of finite samples."""

from functools import partial

from learnability.results.claim import Analyses, AtLeast, Claim, Measurement, NotAtThisScale
from learnability.results.measuring import entry, measured, seeds_of
from learnability.studies.multi_index.samples.analyse import FEWEST
from learnability.studies.multi_index.theory import PAPER


def change(analyses: Analyses, experiment: str, fit: str) -> Measurement:
    """The change of the success for each doubling of d half way between both laws; the note has the counts.

    Raises NotAtThisScale where fewer dimensions than :data:`~learnability.studies.multi_index.samples.analyse.FEWEST`
    were run: d^(s-1) and d^s cannot be told apart by them.
    """
    data = analyses[experiment]
    one = entry(data, "fit", fit)
    if "change_between" not in data:
        raise NotAtThisScale(f"{FEWEST} dimensions at the same n / d^(s-1), by which d^(s-1) and d^s can be told apart")
    counts = one["successes"].transpose("dimension", "multiple").values
    shown = "; ".join(
        f"{', '.join(map(str, row))} at d = {d}" for row, d in zip(counts, data["dimension"].values, strict=True)
    )
    multiples = ", ".join(f"{multiple:g}" for multiple in data["multiple"].values)
    seeds, left = seeds_of(data), int(one["undecided"].sum())
    with_d, with_n = (float(one[f"change_with_{name}"][0]) for name in ("d", "n"))
    note = (
        f"successes of {seeds} at n / d^{data.attrs['exponent'] - 1} = {multiples}: {shown}"
        + (f"; {left} runs out of steps, counted both ways" if left else "")
        + f"; change for each doubling of n {with_n:+.3f}, of d at one n / d^{data.attrs['exponent'] - 1} {with_d:+.3f}"
    )
    return measured(one["change_between"], seeds, note)


def _power(exponent: int) -> str:
    return "d" if exponent == 1 else f"d^{exponent}"


_ALL, _ALONE = "all degrees", "degree s alone"
_CASES = ((2, "h2(z1)", "samples"), (3, "h3(z1)", "samples_cubic"))
_MEASURED = (
    "change for each doubling of d, at n ~ d^({s} - 1/2), of the share of starts that reach the cosine 0.8 within ten "
    "times what the population flow takes from the same start (from a median one, where that is longer): positive "
    "where a share takes fewer than d^({s} - 1/2) samples, negative where it takes more; mean over log n of slopes in "
    "log d, all n / d^{below} and dimensions, of which there must be three"
)

CLAIMS: tuple[Claim, ...] = (
    *(
        Claim(
            id=f"samples.h{s}.s-1",
            source=f"{PAPER}, section 5, as summarised",
            statement=f"From uniform starts the empirical two-timescale flow learns {link} from n ~ {_power(s - 1)} "
            f"samples (judged: from fewer than d^({s} - 1/2)).",
            measured=f"{_MEASURED.format(s=s, below=s - 1)}; link fitted on degrees 1 to 4 with ridge 0.3",
            rule=AtLeast(0.0),
            measure=partial(change, experiment=experiment, fit=_ALL),
            experiments=(experiment,),
            expected=f"positive; negative if {_power(s)} samples are needed",
            evidence="summary",
            form="stated",
            window_seen=True,
            seeds_needed=16,
            figure="samples",
        )
        for s, link, experiment in _CASES
    ),
    Claim(
        id="samples.h3.alone",
        source="this study",
        statement="With the degree 3 alone in the fit, fewer than d^(5/2) samples suffice for h3(z1) from a given "
        "share of the uniform starts.",
        measured=_MEASURED.format(s=3, below=2),
        rule=AtLeast(0.0),
        measure=partial(change, experiment="samples_cubic", fit=_ALONE),
        experiments=("samples_cubic",),
        expected="positive; negative if d^3 samples are needed",
        evidence="statistical",
        window_seen=True,
        seeds_needed=16,
        figure="samples",
    ),
    Claim(
        id="samples.non-gaussian",
        source=f"{PAPER}, open questions, as summarised",
        statement="Saddles are escaped in time d^(s-1) for inputs that are not Gaussian, too.",
        measured="not measured",
        evidence="summary",
        reason="an open question of the source: without Gaussian inputs the flow has no closed form on the "
        "correlations, and "
        "samples at the dimensions that show an exponent cost more than the study's other experiments together",
    ),
)
