"""What softmax attention and a tied embedding make of their tokens before training.

One head over the 28 rows of an MNIST image, or over 28 independent tokens, and the logits of a
head that is tied to an embedding of grey levels. All arms of a draw share their random numbers.
"""
