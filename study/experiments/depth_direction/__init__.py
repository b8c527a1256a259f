"""Whether two inputs are still told apart at depth, and what can be learnt then."""
