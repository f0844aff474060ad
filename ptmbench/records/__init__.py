"""Keeps what was measured: the record, its files, its folder. Knows no catalog."""
