"""Where the numbers come from: ratios against the engine's own limit, measured in one run (docs/performance.md)."""
