"""Log sinks as they are read: the stores behind them, and whether what was logged arrived there."""
