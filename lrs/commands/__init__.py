"""The commands of `lrs`, a module each."""
