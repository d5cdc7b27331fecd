"""Pages of the accounting office and of providers."""
