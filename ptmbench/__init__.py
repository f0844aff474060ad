"""ptmbench: how usable is a pre-trained model? Quality, cost and generalisation of every case in one record."""

__version__ = "0.1.0"
