"""Bringing in the books that somebody has: files, folders of them, calibre libraries, lists.

    command ── run ──┬── sources ──┬── folders ──┬── calibre     what there is, one candidate at a time
                     │             │             └── opf
                     │             └── lists
                     ├── accession (the library's own way in)
                     └── report, progress                       what came of each

Nothing is listed in memory: candidates are made one by one, looked up by the hundred, and forgotten when the report
has their line. Each book comes in by one transaction that holds where it came from, so a run that ended anyhow is
taken up by running it again.
"""
