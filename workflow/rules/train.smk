# Training: one seed batch of one setting. The number of threads is the experiment's, whatever the machine has: the
# bytes of the result depend on it.


rule train:
    """Train one batch of seeds of one setting by gradient flow or SGD."""
    input:
        target=lambda w: TABLE.target_of_training(
            w.study, w.experiment, w.scale, w.setting
        ),
    output:
        "results/{scale}/{study}/{experiment}/train/{setting}/seeds{first}-{last}.zarr.zip",
    log:
        "results/{scale}/logs/{study}/{experiment}/train/{setting}/seeds{first}-{last}.log",
    benchmark:
        "results/{scale}/benchmarks/{study}/{experiment}/train/{setting}/seeds{first}-{last}.tsv"
    priority:
        lambda w: TABLE.train_priority(
            w.study, w.experiment, w.scale, w.setting, int(w.first), int(w.last)
        )
    threads: lambda w: TABLE.experiment(w.study, w.experiment, w.scale).threads
    resources:
        mem_mb=lambda w, attempt: (
            attempt * TABLE.experiment(w.study, w.experiment, w.scale).memory_mb
        ),
        gpu=lambda w: int(TABLE.wants_gpu(w.study, w.experiment, w.scale)),
        runtime=lambda w, attempt: (
            attempt * TABLE.experiment(w.study, w.experiment, w.scale).minutes
        ),
        run=lambda w: TABLE.run_number(
            w.study, w.experiment, w.scale, w.setting, int(w.first), int(w.last)
        ),
    params:
        job=lambda w: TABLE.train_job(
            w.study, w.experiment, w.scale, w.setting, int(w.first), int(w.last)
        ),
        code=lambda w: TABLE.train_code(w.study, w.experiment),
    shell:
        "python -m learnability.pipeline.run_job train --job {params.job:q} --code {params.code}"
        " --scale {wildcards.scale} --run {resources.run:q} --input {input.target:q}"
        " --output {output:q} --log {log:q}"
