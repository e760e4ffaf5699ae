"""The edges to other systems, one module or package each."""
