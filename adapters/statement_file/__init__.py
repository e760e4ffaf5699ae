"""Files of statements: JSON, NDJSON, and ZIP files of these with attachments."""

from adapters.statement_file.file import StatementFile, StatementRow, open_statement_file

__all__ = ["StatementFile", "StatementRow", "open_statement_file"]
