"""What evolves: gradient flows and stochastic gradient descent. Pure steps, loops written once."""
