# From a config to figures and verdicts. Targets: `all` (default), one rule per study, `analyses`, or any file.
#
#   snakemake multi_index
#   snakemake --config scale=smoke
#   snakemake results/laptop/multi_index/figures/escape_times.pdf

import os
import sys
from pathlib import Path

ROOT = Path(str(workflow.current_basedir))  # also where another file includes this one
sys.path.insert(0, str(ROOT / "src"))

from learnability.results.errors import UserError
from learnability.pipeline.engine import drop_default_limit
from learnability.pipeline.fingerprint import keep, machine_code_fingerprint
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.kinds import verdicts_code
from learnability.pipeline.lifeline import watch_with_jobs
from learnability.pipeline.lock import LEASE, demand_whole, hold_for_engine, new_lease
from learnability.pipeline.pages import (
    question_code,
    question_templates_digest,
    readmes_digest,
    report_code,
    templates_digest,
)
from learnability.pipeline.surroundings import settle

try:
    TABLE = JobTable(ROOT / "config", config)
    demand_whole(Path("results") / TABLE.main.scale)
except UserError as error:
    print(error.render(), file=sys.stderr)
    sys.exit(2)

SCALE = TABLE.main.scale
# The device is no parameter: to choose another must not make a result look out of date.
os.environ["LEARNABILITY_DEVICE"] = TABLE.main.device
os.environ["LEARNABILITY_MACHINE_CODE"] = machine_code_fingerprint()
# Training frees and asks again for large arrays in every step: kept by the process, they cost no page faults (a quarter
# of the time of a step on many samples). Settings of the GNU C library; no other one reads them.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**30))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**32))
# Jobs run with the interpreter that reads this file, wherever it stands and however it was called.
BESIDE = str(Path(sys.executable).parent)
os.environ |= {"PATH": os.pathsep.join([BESIDE, os.getenv("PATH", os.defpath)])}
settle(os.environ)
os.environ.setdefault(LEASE, new_lease())


envvars:
    "LEARNABILITY_DEVICE",
    "LEARNABILITY_LEASE",
    "LEARNABILITY_MACHINE_CODE",
    "PYTHONPATH",


# Plain Snakemake takes the lock of the results as the launcher does; a run that the launcher started has it already.
# An engine that another process started ends with it.
onstart:
    watch_with_jobs()
    keep()
    drop_default_limit(workflow.scheduler)
    hold_for_engine(
        {
            path
            for job in workflow.dag.needrun_jobs()
            for path in map(str, job.output)
        }
    )


wildcard_constraints:
    scale="smoke|laptop|paper|questions",
    study="|".join((*TABLE.configs, *TABLE.questions)),
    question="|".join(TABLE.questions) or "none",
    experiment=r"[a-z0-9_]+",
    setting=r"[0-9a-f]{10}",
    target=r"[0-9a-f]{10}",
    figure=r"[a-z0-9_]+",
    first=r"\d+",
    last=r"\d+",


include: "workflow/rules/targets.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/questions.smk"


# Seconds each: on a cluster they run where Snakemake runs, and only training is submitted.
localrules:
    targets,
    analyse,
    figures,
    claims,
    verdicts,
    report,
    question_page,


rule all:
    """Every figure and verdict of the chosen studies (the default)."""
    default_target: True
    input:
        [path for study in TABLE.configs for path in TABLE.study_paths(study, SCALE)],
        f"results/{SCALE}/claims.json",
        TABLE.report_paths(),
    localrule: True


rule analyses:
    """Every target, training artifact and analysis, without figures."""
    input:
        [path for study in TABLE.configs for path in TABLE.artifact_paths(study, SCALE)],
    localrule: True


rule questions:
    """Answer every question in config/questions/."""
    input:
        [path for name in TABLE.questions for path in TABLE.question_paths(name)],
    localrule: True


for _study in TABLE.configs:

    rule:
        """All results of one study: artifacts, figures and verdicts."""
        name:
            _study
        input:
            TABLE.study_paths(_study, SCALE),
        localrule: True
