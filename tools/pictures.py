"""Make the pictures of docs/wireshark.md: `python3 -m tools.pictures` runs Wireshark on a screen that nobody sees.

It needs Wireshark, Xvfb, openbox, xdotool and ImageMagick. Places on the screen are those of Wireshark 4.0; whether a
picture is right is seen by looking at it.
"""
from __future__ import annotations

import argparse
import os
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1200, 760
SNAPLEN = 200
START_SECONDS, STEP_SECONDS = 120.0, 1.5

COLUMNS = '"No.", "%m", "Time", "%t", "Source", "%s", "Protocol", "%p", "Info", "%i"'
SETTINGS = f"""\
gui.ask_unsaved: FALSE
gui.update.enabled: FALSE
gui.packet_list_show_minimap: FALSE
gui.layout_content_3: NONE
gui.column.format: {COLUMNS}
"""
EXPAND = ("click 200 504", "key shift+Right")
"""The plugin's line in the tree is chosen, and all below it is shown."""


class Picture(NamedTuple):
    """A capture, the words for Wireshark, and what is done with mouse and keys once the capture is there."""

    capture: str
    words: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


PICTURES = {
    "call": Picture("call", ("-g", "5"), EXPAND),
    "streams": Picture(
        "call", (), ("key alt+y", "key r", "key r", "key Return", "widen", *["click 1140 404"] * 3),
    ),
    "voip-calls": Picture("call", (), ("key alt+y", "key v", "widen")),
    "follow": Picture(
        "call", ("-g", "5"), ("key alt+a", "key Up", "key Up", "key Right", "key Up", "key Return"),
    ),
    "cut": Picture("cut", ("-Y", "mux.expert.cut", "-g", "5"), EXPAND),
    "preferences": Picture("call", (), ("key ctrl+shift+p", "type proto", "key Right", "type mux")),
}


def main() -> None:
    """Make each picture, or those that are named."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.pictures", description=str(__doc__).splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(PICTURES)}; all of them if none is named")
    parser.add_argument("--plugin", type=Path, default=CHECKOUT / "lua" / "mux.lua")
    parser.add_argument("--capture", type=Path, default=CHECKOUT / "pcaps" / "facetime-2013.pcap")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "docs" / "pictures")
    parser.add_argument(
        "--wireshark", default="wireshark", metavar="COMMAND", help="another one, such as one below chroot FOLDER"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        profile = home / ".config" / "wireshark"
        profile.mkdir(parents=True)
        # Below another root folder, somebody else runs it.
        for folder in (home, profile.parent, profile):
            folder.chmod(0o777)
        (profile / "preferences").write_text(SETTINGS, encoding="utf-8")
        plugin = shutil.copy(options.plugin, home / "mux.lua")
        shutil.copy(options.capture, home / "call.pcap")
        cut(options.capture, home / "cut.pcap")
        program = shlex.split(options.wireshark)
        display = f":{os.getpid() % 900 + 100}"
        variables = {**os.environ, "HOME": scratch, "DISPLAY": display, "XDG_RUNTIME_DIR": scratch, "LC_ALL": "C.UTF-8"}
        screen = ("-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp")
        with running("Xvfb", display, *screen, variables=variables):
            time.sleep(STEP_SECONDS)
            with running("openbox", variables=variables):
                for name in options.names or PICTURES:
                    take(name, [*program, "-X", f"lua_script:{plugin}"], options.folder / f"{name}.png", variables)


def take(name: str, program: Sequence[str], target: Path, variables: Mapping[str, str]) -> None:
    """Start Wireshark, do the steps, keep what the screen shows."""
    picture = PICTURES[name]
    title = f"{picture.capture}.pcap"
    capture = Path(variables["HOME"]) / title
    with running(*program, "-r", capture, *picture.words, variables=variables):
        deadline = time.monotonic() + START_SECONDS
        while not (window := ask("search --onlyvisible --name", rf"^{title}$", variables=variables)):
            if time.monotonic() > deadline:
                sys.exit("Wireshark does not come up")
            time.sleep(STEP_SECONDS)
        ask(f"windowsize {window} {WIDTH} {HEIGHT - 20} windowmove {window} 0 0", variables=variables)
        time.sleep(2 * STEP_SECONDS)
        for step in picture.steps:
            do(step, variables)
            time.sleep(STEP_SECONDS)
        time.sleep(STEP_SECONDS)
        camera = shutil.which("import") or "import-im6.q16"
        reduced = ("+dither", "-colors", "24", f"PNG8:{target}")
        subprocess.run([camera, "-window", "root", *reduced], env=variables, check=True)
        print(target)


def do(step: str, variables: Mapping[str, str]) -> None:
    """One step: keys that are pressed, a text, a click, or a dialog that is made as wide as the screen."""
    verb, _, rest = step.partition(" ")
    words = {
        "key": f"key {rest}",
        "type": f"type --delay 80 {rest}",
        "click": f"mousemove {rest} click 1",
        "widen": f"getactivewindow windowsize {WIDTH - 20} 300 windowmove 10 200",
    }
    ask(words[verb], variables=variables)


def ask(words: str, *more: str, variables: Mapping[str, str]) -> str:
    """Xdotool's answer, in one line."""
    done = subprocess.run(
        ["xdotool", *words.split(), *more], env=variables, check=False, capture_output=True, text=True
    )
    return done.stdout.strip()


@contextmanager
def running(*words: str | Path, variables: Mapping[str, str]) -> Iterator[None]:
    """A program that ends with the block."""
    program = subprocess.Popen(words, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        program.wait()


def cut(source: Path, target: Path) -> None:
    """The capture, a classic pcap, with the first octets of each frame alone, as a snap length leaves it."""
    octets = source.read_bytes()
    order = "<" if octets[0] in (0xD4, 0x4D) else ">"
    made, place = [octets[:24]], 24
    while place < len(octets):
        seconds, fraction, kept, sent = struct.unpack_from(f"{order}IIII", octets, place)
        piece = octets[place + 16 : place + 16 + min(kept, SNAPLEN)]
        made.append(struct.pack(f"{order}IIII", seconds, fraction, len(piece), sent) + piece)
        place += 16 + kept
    target.write_bytes(b"".join(made))


if __name__ == "__main__":
    main()
