# Analysis: all targets and training artifacts of one experiment, with the theory beside them.


rule analyse:
    """Analyse all runs of one experiment: what its figures draw and its claims judge."""
    input:
        targets=lambda w: TABLE.targets_of_analysis(w.study, w.experiment, w.scale),
        runs=lambda w: TABLE.train_paths(w.study, w.experiment, w.scale),
    output:
        "results/{scale}/{study}/{experiment}/analysis.zarr.zip",
    log:
        "results/{scale}/logs/{study}/{experiment}/analysis.log",
    benchmark:
        "results/{scale}/benchmarks/{study}/{experiment}/analysis.tsv"
    priority: lambda w: TABLE.priority(w.study, [w.experiment], w.scale, "analyse")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        job=lambda w: TABLE.analysis_job(w.study, w.experiment, w.scale),
        code=lambda w: TABLE.analyse_code(w.study, w.experiment),
    shell:
        "python -m learnability.pipeline.run_job analyse --job {params.job:q} --code {params.code}"
        " --scale {wildcards.scale} --input {input.targets:q} {input.runs:q}"
        " --output {output:q} --log {log:q}"
