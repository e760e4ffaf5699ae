"""The demonstration: the whole way of the data, with real processes and a made-up class."""
