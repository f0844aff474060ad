"""Reads what people bring: folders, tables, tagged text, boxes, masks, archives. Imports no framework."""
