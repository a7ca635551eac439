"""The program, which begins with the calls."""

from __future__ import annotations

from dissectors.screens.browser.calls import CallsScreen
from dissectors.screens.browser.shell import Shell


class Browser(Shell):
    """Shows a feed until somebody quits, or until a session ends."""

    def on_mount(self) -> None:
        """Show the calls."""
        self.push_screen(CallsScreen())
        self.start()
