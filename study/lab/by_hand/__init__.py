"""The forward and the backward pass by hand: tensors in, tensors out, and no autograd."""
