"""The command line: one module a verb; data goes to stdout, everything else to stderr."""
