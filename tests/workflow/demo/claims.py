from learnability.results.claim import Between, Claim, Measurement

CLAIMS = (
    Claim(
        id="bounded",
        source="arithmetic",
        statement="a cosine is at most one",
        measured="the mean",
        rule=Between(-1.0, 1.0),
        measure=lambda analyses: Measurement.exact(float(analyses["first"]["mean"].max())),
        experiments=("first",),
        figure="means",
    ),
)
