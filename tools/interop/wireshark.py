"""The plugin in real Wiresharks: cut captures, and captures with the plugin and without.

`python3 run.py interop wireshark` asks the installed one; `--root FOLDER` adds a Wireshark that was unpacked there.
"""

import sys

from tools.interop.sessions import plugin

if __name__ == "__main__":
    sys.exit(plugin.main())
