"""Neural networks as values: what an architecture of a neural space means, before any library is asked."""
