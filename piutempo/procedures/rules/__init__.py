"""Pure rules of the administrative procedure: dated law, holidays, the clock."""
