"""One file for each source of downstream data."""
