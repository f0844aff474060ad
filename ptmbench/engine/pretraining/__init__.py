"""One file for each objective that embedded checkpoints are trained by."""
