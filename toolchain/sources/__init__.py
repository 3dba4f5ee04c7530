"""The three sources of a part, one module each: `path`, `download`, `build`."""
