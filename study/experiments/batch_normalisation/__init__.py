"""What normalising a batch does to weights, rows and averages."""
