"""A sandbox Credit Bank: its own process, data and authorization server (docs/credit-bank.md).

It shares nothing with the service but the contract, so that claims cross a real boundary.
"""
