"""Mathematics without time: Hermite expansions, quadrature, transforms, what a target's algebra says about learning it."""
