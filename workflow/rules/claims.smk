# Claims: the verdicts of one study, the list of all, and the pages that a person reads.


rule claims:
    """Judge the claims of one study from its analyses."""
    input:
        lambda w: TABLE.analysis_paths(w.study, w.scale),
    output:
        "results/{scale}/{study}/claims.json",
    log:
        "results/{scale}/logs/{study}/claims.log",
    benchmark:
        "results/{scale}/benchmarks/{study}/claims.tsv"
    priority: 10000  # verdicts of a study are shown as soon as its analyses are there
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        job=lambda w: TABLE.claims_job(w.study),
        code=lambda w: TABLE.claims_code(w.study),
    shell:
        "python -m learnability.pipeline.run_job claims --job {params.job:q} --code {params.code}"
        " --scale {wildcards.scale} --input {input:q} --output {output:q} --log {log:q}"


rule verdicts:
    """Join the verdicts of all studies that have results at this scale."""
    input:
        lambda w: [f"results/{w.scale}/{study}/claims.json" for study in TABLE.configs],
    output:
        "results/{scale}/claims.json",
    log:
        "results/{scale}/logs/claims.log",
    resources:
        mem_mb=500,
        runtime=10,
    params:
        others=lambda w: [
            f"results/{w.scale}/{study}/claims.json"
            for study in TABLE.other_studies(w.scale)
        ],
        order=",".join(TABLE.every_study),
        code=verdicts_code(),
    shell:
        "python -m learnability.results.verdicts --order {params.order} --code {params.code}"
        " --input {input:q} {params.others:q} --output {output:q} > {log:q} 2>&1"


rule report:
    """Write the report: pages that a browser opens, with every figure and verdict."""
    input:
        claims="results/{scale}/claims.json",
        analyses=lambda w: [
            path
            for study in TABLE.configs
            for path in TABLE.analysis_paths(study, w.scale)
        ],
        figures=lambda w: [
            path
            for study in TABLE.configs
            for path in TABLE.figure_paths(study, w.scale)
            if path.endswith(".svg")
        ],
    output:
        TABLE.report_paths("{scale}"),
    log:
        "results/{scale}/logs/report.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        studies=TABLE.described_json(),
        others=lambda w: [
            *TABLE.other_results(w.scale, "claims.json"),
            *TABLE.other_results(w.scale, "figures/*.svg"),
            *TABLE.other_results(w.scale, "*/analysis.zarr.zip"),
        ],
        templates=templates_digest(),
        readmes=readmes_digest(TABLE.described()),
        code=report_code(),
    shell:
        "python -m learnability.report.site --results results/{wildcards.scale} --studies {params.studies:q}"
        " --code {params.code} > {log:q} 2>&1"
