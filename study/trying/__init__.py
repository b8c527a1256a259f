"""What a network of the reader's own does before it is trained."""
