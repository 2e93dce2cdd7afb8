"""What the algebra of one target says about learning it: exponents, leaps, symmetries, thresholds, traps."""
