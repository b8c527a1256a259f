"""The laboratory: data, weights and propagation, in torch."""
