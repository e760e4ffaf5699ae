"""Moving an installation from SQLite to MongoDB."""
