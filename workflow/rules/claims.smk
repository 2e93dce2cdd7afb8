# Claims: the verdicts of one study, and the list of all.


rule claims:
    input:
        lambda w: TABLE.analysis_paths(w.study, w.scale),
    output:
        "results/{scale}/{study}/claims.json",
    params:
        job=lambda w: TABLE.claims_job(w.study),
        code=lambda w: TABLE.code(w.study, "claims"),
    log:
        "results/{scale}/logs/{study}/claims.log",
    benchmark:
        "results/{scale}/benchmarks/{study}/claims.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "python -m learnability.pipeline.stage claims --job {params.job:q} --code {params.code}"
        " --scale {wildcards.scale} --input {input:q} --output {output:q} --log {log:q}"


rule verdicts:
    input:
        lambda w: [f"results/{w.scale}/{study}/claims.json" for study in TABLE.configs],
    output:
        "results/{scale}/claims.json",
    log:
        "results/{scale}/logs/claims.log",
    resources:
        mem_mb=500,
        runtime=10,
    shell:
        "python -m learnability.pipeline.verdicts --input {input:q} --output {output:q} > {log:q} 2>&1"
