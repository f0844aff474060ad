"""Runs cases: the session, its floors, what becomes a record. Imports the engine when the first case runs."""
