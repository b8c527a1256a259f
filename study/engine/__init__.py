"""Where draws are made: on the cores of this machine."""
