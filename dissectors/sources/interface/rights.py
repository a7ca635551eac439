"""The rights to capture here; root is given up once everything is open."""
from __future__ import annotations

import os
import socket
import sys

from dissectors.wire.errors import CaptureError

ALL_PROTOCOLS = 0
SUDO = ("SUDO_UID", "SUDO_GID")


def raw_sockets() -> str:
    """Why raw sockets are not available; empty if they are."""
    if not hasattr(socket, "AF_PACKET"):
        return "this system has no packet sockets"
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, ALL_PROTOCOLS).close()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def is_root() -> bool:
    """Whether this process is root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def give_up_root(user: str = "") -> str:
    """Become `user`, or the caller of sudo; return the name of the new user, empty if nothing changed.

    Raises CaptureError if there is no such user, or if we are not root and cannot change the user.
    """
    if not is_root():
        if user:
            raise CaptureError(f"only root can become {user}")
        return ""
    import pwd

    try:
        if user:
            entry = pwd.getpwnam(user)
        elif all(name in os.environ for name in SUDO) and os.environ["SUDO_UID"] != "0":
            entry = pwd.getpwuid(int(os.environ["SUDO_UID"]))
        else:
            return ""
    except (KeyError, ValueError):
        raise CaptureError(f"no such user: {user or os.environ['SUDO_UID']}") from None
    os.initgroups(entry.pw_name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    return entry.pw_name


def setcap() -> str:
    """The command that gives this Python the right to capture."""
    return f"sudo setcap cap_net_raw+eip {os.path.realpath(sys.executable)}"
