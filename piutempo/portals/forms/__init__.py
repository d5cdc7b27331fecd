"""Forms of the portals: accounts, and what people write to the office."""
