"""One file for each way of measuring a cost."""
