"""The shapes of data at every boundary; nothing here reads or writes."""
