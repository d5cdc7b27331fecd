"""Reading vouchers: facts for a decision, and what pages show."""
