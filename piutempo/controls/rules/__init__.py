"""Rules of checks: pure, no database."""
