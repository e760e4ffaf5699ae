"""Dossiers: files from which an auditor checks one claim with no access to the service."""
