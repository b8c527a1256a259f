"""How long a sigmoid network stays on its plateau, by depth and learning rate.

Networks of equation 1 of Glorot and Bengio on MNIST, trained by plain descent on minibatches of ten
images until the loss leaves that of a guess.
"""
