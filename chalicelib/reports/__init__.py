"""Reports: a month of the library for its librarian, and of their own for each patron, as a page and as a PDF.

| module   | what it knows                                                              |
|----------|----------------------------------------------------------------------------|
| service  | beginning the reports of a month, and looking at them                      |
| making   | making one, and the notice that brings it                                  |
| months   | when a month begins and ends where the library is                          |
| library  | a month of the library, gathered from what was counted and what is indexed |
| patron   | a month of a patron                                                        |
| charts   | numbers as drawings (SVG)                                                  |
| pages    | a month as HTML, for a mail program and for print                          |
"""
