"""One file for each kind of task: head, loss, metric."""
