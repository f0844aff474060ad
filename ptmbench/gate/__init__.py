"""The gate: is anything of the current records worse than in the baseline?

sides      what is compared: results folders, one or several launches a side
pairs      which records belong together, what was changed, what is missing
quality    paired on the stored outcomes: case by case, and pooled over all tasks of a model
speed      times and memory, over launches
findings   one figure of one case, with its verdict
judging    all of it together, with the chance of a false alarm shared out over all comparisons
rules      what counts: tolerances, the chance of false alarms, what fails
"""
