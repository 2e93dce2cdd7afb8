"""Mathematics without time: polynomials, quadrature, transforms, manifolds, fits."""
