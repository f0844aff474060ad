"""Weighs: figures computed from records alone. Renders nothing."""
