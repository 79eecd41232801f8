"""Commands: they read options, call one function, print, and end with an exit code."""
