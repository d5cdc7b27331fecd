"""Forms of applications, by audience."""
