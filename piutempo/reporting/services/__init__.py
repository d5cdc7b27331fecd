"""Freezing and exporting reports."""
