"""Pages of checks: the office's, the samples', the family's and its desk's."""
