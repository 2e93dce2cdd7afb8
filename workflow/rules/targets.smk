# A target: drawn or built, with what is known of it exactly.


rule targets:
    """Build one target, with all that is known of it exactly."""
    output:
        "results/{scale}/{study}/{experiment}/targets/{target}.zarr.zip",
    log:
        "results/{scale}/logs/{study}/{experiment}/targets/{target}.log",
    benchmark:
        "results/{scale}/benchmarks/{study}/{experiment}/targets/{target}.tsv"
    priority: lambda w: TABLE.priority(w.study, [w.experiment], w.scale, "targets")
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        job=lambda w: TABLE.target_job(w.study, w.experiment, w.scale, w.target),
        code=lambda w: TABLE.targets_code(w.study, w.experiment),
    shell:
        "python -m learnability.pipeline.run_job targets --job {params.job:q} --code {params.code}"
        " --scale {wildcards.scale} --output {output:q} --log {log:q}"
