"""Measurements beside what a user would use instead; the ratio counts, not the seconds."""
