"""Forms of programmes: the self-check and the drafts."""
