"""Log sinks: central stores that the logs of functions are forwarded to."""
