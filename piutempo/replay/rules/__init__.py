"""The synthetic region: pure, deterministic by seed, without the database."""
