"""Which model to take for a task: published tables of transfer, and rankings that need no look at the task."""
