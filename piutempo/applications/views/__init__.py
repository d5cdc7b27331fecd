"""Pages of applications, by audience."""
