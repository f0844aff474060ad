"""One file for each way of carrying a model over."""
