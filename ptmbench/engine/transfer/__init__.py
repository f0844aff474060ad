"""Transfers a model to a task: features, training, scoring, for labels, boxes and masks."""
