"""Signal Through Depth: what weight initialisation does to a signal, measured on MNIST."""

__version__ = "0.1.0"
