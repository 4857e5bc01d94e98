"""Statistics: what the library counts as things happen, for the librarian's charts and reports."""
