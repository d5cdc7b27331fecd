"""Pages of the vouchers, by who uses them."""
