# Figures: one picture from the analyses that it names. Figures compute nothing.


rule figures:
    """Draw one figure as SVG, PDF and PNG from the analyses that it names."""
    input:
        lambda w: [
            f"results/{w.scale}/{w.study}/{name}/analysis.zarr.zip"
            for name in TABLE.config(w.study).figures[w.figure].experiments
        ],
    output:
        svg="results/{scale}/{study}/figures/{figure}.svg",
        pdf="results/{scale}/{study}/figures/{figure}.pdf",
        png="results/{scale}/{study}/figures/{figure}.png",
    log:
        "results/{scale}/logs/{study}/figures/{figure}.log",
    benchmark:
        "results/{scale}/benchmarks/{study}/figures/{figure}.tsv"
    priority:
        lambda w: TABLE.priority(
            w.study,
            TABLE.config(w.study).figures[w.figure].experiments,
            w.scale,
            "figures",
        )
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        job=lambda w: TABLE.figure_job(w.study, w.figure),
        code=lambda w: TABLE.figure_code(w.study, w.figure),
    shell:
        "python -m learnability.pipeline.run_job figures --job {params.job:q} --code {params.code}"
        " --scale {wildcards.scale} --input {input:q} --output {output:q} --log {log:q}"
