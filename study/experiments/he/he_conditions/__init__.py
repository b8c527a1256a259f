"""What He et al. say of their initialisation beside Xavier's, before any training.

Two initialisations on the same random numbers: the outputs, and the gradients of a classifier's
loss, at several depths; and inputs that are not normalised, which overflow a softmax.
"""
