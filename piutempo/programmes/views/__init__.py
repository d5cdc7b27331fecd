"""Pages of programmes: public, and for their managers."""
