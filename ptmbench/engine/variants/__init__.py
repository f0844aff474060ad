"""One file for each way of serving a transferred model."""
