"""Reading statements, payments, and the ledger behind them."""
