"""The experiments, a folder each in its group; its name is that of its settings and results."""
