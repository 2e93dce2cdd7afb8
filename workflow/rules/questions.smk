# Questions: targets of one's own in config/questions/, answered by the kinds of the atlas. Their artifacts and figures
# are made by the rules of the studies, with `questions` in the place of the scale.


rule question_page:
    """Write the page that answers one question."""
    input:
        analyses=lambda w: TABLE.analysis_paths(w.question, "questions"),
        figures=lambda w: [
            path
            for path in TABLE.figure_paths(w.question, "questions")
            if path.endswith(".svg")
        ],
    output:
        "results/questions/{question}/index.html",
    log:
        "results/questions/logs/{question}/page.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        templates=question_templates_digest(),
        code=question_code(),
    shell:
        "python -m learnability.report.question_page --name {wildcards.question} --analyses {input.analyses:q}"
        " --figures {input.figures:q} --code {params.code} --output {output:q} > {log:q} 2>&1"
