"""Glorot and Bengio (2010), law by law and figure by figure."""
