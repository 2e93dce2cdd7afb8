"""Mathematics without time: Hermite expansions, quadrature, transforms, and what they say of a target."""
