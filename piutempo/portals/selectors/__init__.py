"""What the portals read: the numbers of the home pages, and everything kept about one person."""
