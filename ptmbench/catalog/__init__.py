"""What there is to combine: specs, names, references, settings. Imports no framework."""
