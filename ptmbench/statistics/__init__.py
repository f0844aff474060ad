"""Pure numbers: intervals, tests, ranks, change points, power."""
