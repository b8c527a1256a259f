"""What a layer does to the size of a signal, by activation."""
