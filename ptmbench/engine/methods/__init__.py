"""One file for each way of transferring a model."""
