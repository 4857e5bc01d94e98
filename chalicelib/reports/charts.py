"""Numbers as drawings: SVG that stands in a page, on a screen and on paper.

Time runs from left to right in every language. What a drawing shows is in a table beside it, or told in its title.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 680, 220
LEFT, BOTTOM, TOP = 36, 24, 10


def columns(labels: Sequence[str], series: Sequence[Sequence[int]], colours: Sequence[str], title: str) -> str:
    """Columns over `labels`, those of each series side by side, in `colours`; `title` says what they are."""
    top = _round_up(max((value for values in series for value in values), default=0))
    room, height = WIDTH - LEFT, HEIGHT - TOP - BOTTOM
    step = room / max(len(labels), 1)
    width = step * 0.72 / max(len(series), 1)
    drawn: list[str] = []
    for line in range(5):
        y = TOP + height - height * line / 4
        drawn.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d9d5ce" stroke-width="0.6"/>')
        if top * line % 4 == 0:
            drawn.append(_text(LEFT - 6, y + 3, str(top * line // 4), "end"))
    for number, label in enumerate(labels):
        left = LEFT + step * number
        for place, values in enumerate(series):
            if tall := height * values[number] / top:
                x, y = left + step * 0.14 + width * place, TOP + height - tall
                drawn.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{tall:.1f}" rx="1" '
                    f'fill="{colours[place]}"/>'
                )
        if len(labels) <= 12 or number % 2 == 0:
            drawn.append(_text(left + step / 2, HEIGHT - 8, label, "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" direction="ltr" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(drawn)}</svg>'
    )


def _round_up(value: int) -> int:
    """The end of an axis for `value`: the next of 4, 8, 20, 40, 80, 200 …"""
    for power in range(12):
        for first in (4, 8, 20):
            if value <= first * 10**power:
                return first * 10**power
    return value


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="9" fill="#5c5955" text-anchor="{anchor}">{escape(text)}</text>'
