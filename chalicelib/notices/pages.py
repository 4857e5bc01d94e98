"""The small pages behind the links of notices: HTML that works without scripts, in its reader's language."""

from __future__ import annotations

from html import escape

from chalicelib import settings
from chalicelib.notices import words
from chalicelib.notices.acting import Outcome
from chalicelib.notices.links import Link

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
MEDIA_TYPE = "text/html; charset=utf-8"


def asking(link: Link, about: str | None, library: str, spoken: words.Words) -> str:
    """The page that asks whether to do what a link does."""
    question = spoken.say(f"act.{link.action}.ask", about=about or link.subject)
    button = escape(spoken.say(f"act.{link.action}.button"))
    form = f'<form method="post"><button>{button}</button></form>'
    return _page(question, f"{form}{_home(spoken)}", library, spoken)


def outcome(link: Link, came: Outcome, about: str | None, library: str, spoken: words.Words) -> str:
    """The page that says what came of it."""
    key = f"act.{link.action}.done" if came == "done" else f"act.{came}"
    said = spoken.say(key, about=about or link.subject)
    return _page(said, _home(spoken), library, spoken)


def ended(library: str, spoken: words.Words) -> str:
    """The page for a link that works no longer."""
    return _page(spoken.say("act.ended"), _home(spoken), library, spoken)


def _home(spoken: words.Words) -> str:
    return f'<p><a href="{escape(settings.current().public_url)}/">{escape(spoken.say("act.home"))}</a>'


def _page(title: str, content: str, library: str, spoken: words.Words) -> str:
    direction = "rtl" if spoken.is_rtl else "ltr"
    return _LAYOUT.format(
        language=spoken.language, direction=direction, title=escape(title), library=escape(library), content=content
    )


_LAYOUT = """<!doctype html>
<html lang="{language}" dir="{direction}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} – {library}</title><style>
:root{{color-scheme:light dark}}
body{{font:1.125rem/1.5 system-ui,sans-serif;max-width:30rem;margin:12vh auto;padding:0 1.25rem;color:#1c1b1a;background:#fff}}
h1{{font-size:1.5rem;line-height:1.3}} p.library{{color:#5c5955;margin:0}} a{{color:#0b57d0}}
button{{font:inherit;font-weight:600;padding:.75rem 1.5rem;border:0;border-radius:.5rem;color:#fff;background:#1f5f4a;cursor:pointer}}
button:focus-visible,a:focus-visible{{outline:3px solid #0b57d0;outline-offset:3px}}
@media (prefers-color-scheme:dark){{body{{color:#eceae7;background:#171615}} p.library{{color:#b3afa9}} a{{color:#8ab4f8}}}}
</style></head><body><main><p class="library">{library}</p><h1>{title}</h1>{content}</main></body></html>
"""  # noqa: E501
