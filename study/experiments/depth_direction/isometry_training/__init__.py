"""How many updates a deep network needs: from orthogonal weights, and from Gaussian ones.

Networks without an activation and tanh networks, all with weights that keep the mean square of a
signal, of several depths; each is trained with every learning rate of one grid until its loss is
down at a target.
"""
