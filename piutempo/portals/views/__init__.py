"""Pages of the portals: public, area, administration."""
