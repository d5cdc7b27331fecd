"""Pure rules of a programme: what a version says (terms), the fact sheet, eligibility."""
