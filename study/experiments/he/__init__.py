"""He et al. (2015), law by law and figure by figure."""
