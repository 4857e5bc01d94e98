"""Where a reference inside an EPUB leads. Never outside of it: what is remote, or climbs out, leads
nowhere.
"""

import posixpath
import re
from urllib.parse import unquote

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def resolve(base: str, href: str) -> tuple[str, str] | None:
    """The entry that `href` names in a document at `base`, and the fragment ("" for none); None if it is
    not in the container.

    `base` and the answer are paths from the container's root (EPUB 3.3, section 4.2.5: URLs in the
    container).
    """
    href = href.strip()
    if SCHEME.match(href) or href.startswith("//"):
        return None
    path, _, fragment = href.partition("#")
    path = unquote(path.partition("?")[0])
    if not path:
        return base, fragment
    joined = posixpath.normpath(posixpath.join("/", posixpath.dirname(base), path))
    # normpath keeps a climb inside "/", as browsers do with a URL's path.
    return joined.lstrip("/"), fragment
