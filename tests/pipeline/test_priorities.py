"""Which job goes first where several could."""

from pathlib import Path

from learnability.pipeline.costs import Costs
from learnability.pipeline.job_table import JobTable

ROOT = Path(__file__).parents[2]


def test_the_longest_training_of_an_experiment_goes_first_after_all_that_leads_to_a_figure() -> None:
    table, costs = JobTable(ROOT / "config", {"studies": "atlas,ridge_combinations"}), Costs.read()
    for study, name in (("atlas", "exponents"), ("ridge_combinations", "samples_d4")):
        first_to_last = {}
        for path in table.train_paths(study, name, "laptop"):
            setting, seeds = path.split("/")[-2:]
            first, last = map(int, seeds.removeprefix("seeds").removesuffix(".zarr.zip").split("-"))
            first_to_last[path] = table.train_priority(study, name, "laptop", setting, first, last)
        longest = sorted(first_to_last, key=costs.seconds, reverse=True)
        assert len(longest) > 3
        assert sorted(first_to_last, key=first_to_last.__getitem__, reverse=True) == longest
        analysis = table.priority(study, [name], "laptop", "analyse")
        assert max(first_to_last.values()) < analysis
        assert analysis - min(first_to_last.values()) < 100


def test_verdicts_go_before_everything() -> None:
    table = JobTable(ROOT / "config")
    text = (ROOT / "workflow/rules/claims.smk").read_text()
    claims = int(text.split("priority:")[1].split()[0])
    every = [(study, name) for study, config in table.configs.items() for name in config.experiments]
    assert max(table.priority(study, [name], "laptop", "figures") for study, name in every) < claims
