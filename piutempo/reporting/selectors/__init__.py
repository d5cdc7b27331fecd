"""Reading every context: figures, the rows behind them, verification."""
