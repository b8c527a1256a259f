"""One module per experiment; its name is the name of its settings, outputs and data sheet."""
