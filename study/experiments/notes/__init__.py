"""What the lesson notes' small network does, from its input to its gradients."""
