"""The colours of everything on a terminal: each can be read on black and on white.

A style's name says what it is called elsewhere (`yellow` for a warning); here is the colour that is drawn. The named
colours of a terminal will not do: its yellow cannot be seen on white, nor its blue on black.
"""

from __future__ import annotations

COLOURS: dict[str, str] = {
    "red": "color(160)", "yellow": "color(130)", "green": "color(28)", "blue": "color(32)", "magenta": "color(163)",
    "cyan": "color(30)", "dim": "color(243)", "bright_black": "color(243)", "bright_blue": "color(63)",
    "bright_cyan": "color(31)", "bright_magenta": "color(128)", "bright_yellow": "color(136)",
}
"""A colour of 256 for each name; a terminal of sixteen shows the nearest of its own."""

PALETTE: dict[str, str] = COLOURS | {f"bold {name}": f"bold {colour}" for name, colour in COLOURS.items()}
