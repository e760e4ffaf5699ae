"""Where facts are kept: one small contract for each noun, and the stores that fulfil it."""
