"""How tanh and softsign networks learn the images that Glorot and Bengio drew their figures on.

Five hidden layers on endless Shapeset-3×2, in minibatches of ten, each network at the learning rate
that a search chose; their figures 3, 4, 6 to 11 with their axes.
"""
