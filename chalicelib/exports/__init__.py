"""Exports: what the library keeps, as files for a spreadsheet, made in the background."""
