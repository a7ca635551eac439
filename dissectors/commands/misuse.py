"""What people type out of habit from other tools, and what to type here instead: one line each."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

MAX_FILES, MAX_OPENED, MIN_FILE_LIKENESS = 10_000, 8, 0.8
"""Names of a folder that are compared, files that are opened to see what they are, and how alike names must be."""

MIN_LIKENESS = 0.7
"""How alike two words must be for one to be suggested in place of the other."""

HABITS: dict[str, str] = {
    "-T": "--json is the report for programs, list --ndjson one object per datagram",
    "-e": "list --ndjson has the fields of every datagram; jq picks some",
    "-z": "muxshark FILE reports calls, streams and loss without being asked",
    "-x": "muxshark show FILE FRAME --hex shows the bytes",
    "-c": "muxshark list FILE | head -N shows the first N",
    "-n": "names are never looked up here; leave it out",
    "-nn": "names are never looked up here; leave it out",
    "-R": "-Y FILTER chooses what is shown; --each FOLDER reads folders",
    "-2": "captures are always read to the end first; leave it out",
    "-f": "-f is a capture filter, for muxshark live; -Y FILTER chooses what is shown",
    "-i": "muxshark live -i IFACE watches an interface",
    "-w": "analyze -w FILE keeps what it selects, muxshark live -w FILE what it captures; analyze -o writes the report",
    "-t": "--clock relative|local|utc chooses how times are shown",
    "-v": "--all shows everything, --explain says why",
    "-vv": "--all shows everything, --explain says why",
    "--verbose": "--all shows everything, --explain says why",
    "-q": "--brief is one line per capture and call",
    "--quiet": "--brief is one line per capture and call",
    "--summary": "--brief is one line per capture and call",
    "--short": "--brief is one line per capture and call",
    "-j": "--json is the report for programs",
    "--pretty": "--json | jq . shows it indented",
    "--csv": "--json with jq -r '… | @csv' makes a table (docs/recipes.md)",
    "--ndjson": "list --ndjson is one object per datagram; analyze has --json",
    "--html": "muxshark analyze --html FILE writes a page",
    "--filter": "-Y FILTER chooses what is shown",
    "--utc": "--clock utc",
    "--local": "--clock local",
    "--no-color": "--color=never, or set NO_COLOR",
    "--no-colour": "--color=never, or set NO_COLOR",
    "--since": "--time FROM..TO, for instance --time 14:03..",
    "--until": "--time FROM..TO, for instance --time ..14:05",
    "--from": "--time 14:03.. for a time, -Y user==alice for a caller",
    "--to": "--time ..14:05 for a time, -Y user==bob for a callee",
    "--start": "--time FROM..TO, for instance --time 14:03..",
    "--end": "--time FROM..TO, for instance --time ..14:05",
    "--limit": "muxshark list FILE | head -N shows the first N",
    "--recursive": "--each FOLDER reads every capture in it",
    "--port": "-Y port==5060 chooses what is shown, -d udp.port==N,SIP says what a port carries",
    "--host": "-Y addr==192.0.2.1 chooses what is shown",
    "--call-id": "--call takes a number, a Call-ID or a part of one",
    "--sdp": "muxshark sdp FILE prints every offer and answer, show FILE FRAME --sdp one",
    "--live": "muxshark live -i IFACE watches an interface",
    "--streams": "the report shows the streams of each call; muxshark export FILE --tables streams is a table",
    "--calls": "the report begins with the calls; muxshark export FILE --tables calls is a table",
    "--errors": "-Y severity==error shows what has errors",
    "--errors-only": "-Y severity==error shows what has errors",
    "--severity": "-Y 'severity>=warning' chooses what is shown, --fail-on warning the exit status",
    "--failed": "-Y outcome==failed shows the calls that failed",
    "--only-failed": "-Y outcome==failed shows the calls that failed",
    "--ladder": "muxshark FILE --call CALL draws the ladder of a call",
    "--flow": "muxshark FILE --call CALL draws the ladder of a call",
    "--loss": "-Y 'loss>2' shows the calls that lost more than 2 %",
    "--where": "-Y FILTER chooses what is shown",
    "--grep": "-Y FILTER chooses what is shown; muxshark list FILE | grep TEXT searches its lines",
    "-y": "-Y FILTER chooses what is shown",
    "--tz": "--clock relative|local|utc", "--timezone": "--clock relative|local|utc",
    "--head": "muxshark list FILE | head -N shows the first N",
    "--top": "--each --sort loss|mos|failed puts the worst capture first; findings are sorted already",
    "--columns": "list --ndjson has every field; jq picks some",
    "--fields": "list --ndjson has every field; jq picks some",
    "--count": "muxshark list FILE -Y FILTER | wc -l counts", "-C": "muxshark list FILE -Y FILTER | wc -l counts",
    "-l": "output is never held back; leave it out",
    "--debug": "--explain says why, muxshark explain FILE FRAME shows each rule",
    "--output-format": "--format text|brief|json|html",
}
"""Options of tshark, tcpdump, ngrep, git and ripgrep that are none here, with what is."""

ADDRESS = r"[A-Za-z][A-Za-z0-9+.-]*://\S*"

DASHES = "\u2013\u2014\u2212\u2010"
QUOTES = "\u201c\u201d\u2018\u2019\u00ab\u00bb"


FRAMES = "a frame has one number; muxshark list FILE --call CALL lists those of a call"
OF_COMMANDS: dict[tuple[str, str], str] = {
    ("show", "--call"): FRAMES,
    ("explain", "--call"): FRAMES,
    ("sql", "--call"): "select … from calls where number = 3 chooses one",
    ("show", "--json"): "muxshark list FILE --ndjson has every message as JSON; --raw prints the bytes alone",
    **dict.fromkeys((("show", "--frame"), ("show", "-n"), ("show", "-f")), "muxshark show FILE FRAME"),
    **dict.fromkeys((("explain", "--frame"), ("explain", "-n"), ("explain", "-f")), "muxshark explain FILE FRAME"),
    **{(command, "-o"): f"muxshark {command} IN OUT" for command in ("split", "normalise", "anonymise")},
    ("media", "-o"): "muxshark media FILE OUT.wav", ("media", "--output"): "muxshark media FILE OUT.wav",
    **dict.fromkeys((("live", "--interface"), ("live", "--iface")), "-i IFACE"),
    **dict.fromkeys((("live", "-p"), ("live", "--port")), "--ports 5060,16384-16402"),
    **dict.fromkeys((("findings", "--list"), ("findings", "-l"), ("findings", "--all")), "muxshark findings lists all"),
    ("sdp", "--json"): "muxshark FILE --json has every offer and answer in calls[].descriptions",
    ("doctor", "--verbose"): "it always says all that it knows", ("doctor", "-v"): "it always says all that it knows",
    ("explain", "--json"): "muxshark list FILE --ndjson has every datagram as JSON",
    ("verify", "--json"): "muxshark list FILE --ndjson has our verdicts as JSON",
    ("export", "--csv"): "--format csv, or -o with a name that ends in .csv",
    ("export", "--json"): "--format ndjson; muxshark FILE --json is the report",
    ("sql", "--csv"): "--format csv", ("sql", "--json"): "--format ndjson",
    ("list", "--csv"): "muxshark export FILE --tables datagrams is CSV",
    ("live", "-r"): "muxshark FILE reads a capture; pipe it to replay it: muxshark live - < FILE",
    ("anonymise", "--seed"): "--key FILE makes captures agree",
    ("verify", "--call"): "muxshark FILE --call CALL -w OUT cuts the call out; then verify OUT",
}
"""Options that other commands have, with what to do for this one."""

TAKES_NEGATIVE = "--time"


def joined(words: Sequence[str]) -> list[str]:
    """The words, with a time that begins with a minus joined to its option: else it would be an option itself."""
    found: list[str] = []
    for word in words:
        if found[-1:] == [TAKES_NEGATIVE] and re.match(r"-[\d.]", word):
            word = f"{found.pop()}={word}"
        found.append(word)
    return found


def instead_of_option(word: str, options: Sequence[str], command: str | None = None) -> str:
    """What to type instead of an option that there is not."""
    from difflib import get_close_matches

    name = word.split("=")[0]
    if instead := OF_COMMANDS.get((command or "", name)):
        return f"{command} takes no {name}: {instead}"
    if hint := HABITS.get(name):
        begins = re.match(r"--?[\w-]+", hint)
        elsewhere = begins is not None and command is not None and begins[0] not in options
        return f"no option {name!r} here: {'muxshark FILE ' if elsewhere else ''}{hint}"
    near = get_close_matches(name.lower(), options, 1, MIN_LIKENESS)
    return f"no option {name!r}; " + (f"did you mean {near[0]}?" if near else "see --help of the command")


def instead_of_word(words: Sequence[str]) -> str | None:
    """What to type instead of a word that a person pasted or mistook; None where nothing is known of it."""
    for before, word in zip(("", *words), words, strict=False):
        if word[:1] == "-" and before != "--" and len(word) > 1 and os.path.isfile(word):
            return f"{word!r} is a file that looks like an option; write .{os.sep}{word}"
        if word[:1] and word[0] in DASHES:
            return f"{word!r} begins with a long dash; write {'-' * (1 if len(word) == 2 else 2)}{word.strip(DASHES)}"
        if word[:1] and word[0] in QUOTES:
            return f"{word!r} is in curly quotes; write it in plain ones: '{word.strip(QUOTES)}'"
        if "://" in word and re.fullmatch(ADDRESS, word) and not os.path.exists(word):
            return f"{word!r} is an address, not a file; fetch it first, or pipe it: curl … | muxshark analyze -"
    return None


def instead_of_command(word: str, commands: Sequence[str]) -> str:
    """What to type instead of a command that there is not."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), commands, 1, MIN_LIKENESS)
    if word in COMMANDS:
        return f"no command {word!r} here: {COMMANDS[word]}"
    hint = f"did you mean {near[0]}?" if near else near_file(word) or "see muxshark --help"
    return f"no command {word!r} and no such file; {hint}"


ABSENT = ": no such file"


def with_near_file(text: str) -> str:
    """A complaint about a file that is not there, with one that is and whose name is close."""
    hint = near_file(text.removesuffix(ABSENT)) if text.endswith(ABSENT) else ""
    return f"{text}; {hint}" if hint else text


def near_file(path: str) -> str:
    """«did you mean …?» with a file whose name is close to that of a path; empty where there is none."""
    from difflib import get_close_matches
    from itertools import islice

    from dissectors.commands.gather import is_capture

    folder, name = os.path.split(path)
    try:
        names = sorted(islice((each.name for each in os.scandir(folder or ".") if each.is_file()), MAX_FILES))
    except (OSError, ValueError):
        return ""
    meant = name.lower().strip()
    same = [each for each in names if each.lower() == meant]
    longer = [each for each in names if meant and each.lower().startswith(f"{meant}.")]
    near = [*same, *longer[:MAX_OPENED], *get_close_matches(name, names, 2, MIN_FILE_LIKENESS)]
    paths = sorted((os.path.join(folder, each) for each in near), key=lambda path: not is_capture(path))
    return f"did you mean {paths[0]}?" if paths else ""


COMMANDS: dict[str, str] = {
    "capture": "muxshark live -i IFACE -w FILE", "sniff": "muxshark live -i IFACE", "dump": "muxshark list FILE",
    "read": "muxshark FILE", "open": "muxshark FILE", "report": "muxshark FILE", "summary": "muxshark FILE --brief",
    "filter": "muxshark FILE -Y FILTER", "grep": "muxshark list FILE -Y FILTER", "calls": "muxshark FILE",
    "json": "muxshark FILE --json", "compare": "muxshark diff A B", "decode": "muxshark explain FILE FRAME",
    "stats": "muxshark FILE", "streams": "muxshark FILE", "rtp": "muxshark list FILE -Y protocol==RTP",
    "sip": "muxshark list FILE -Y protocol==SIP", "ladder": "muxshark FILE --call CALL",
    "flow": "muxshark FILE --call CALL", "view": "muxshark browse FILE", "sngrep": "muxshark browse FILE",
    "html": "muxshark analyze --html OUT.html FILE", "page": "muxshark analyze --html OUT.html FILE",
    "csv": "muxshark export -o FOLDER FILE", "play": "muxshark media FILE OUT.wav",
    "wav": "muxshark media FILE OUT.wav", "audio": "muxshark media FILE OUT.wav",
    "each": "muxshark analyze --each FOLDER", "batch": "muxshark analyze --each FOLDER",
    "extract": "muxshark split FILE FOLDER", "cut": "muxshark FILE --call CALL -w OUT",
    "merge": "muxshark FILE FILE reads several as one", "watch": "muxshark live -i IFACE",
    "monitor": "muxshark live -i IFACE", "tail": "muxshark live - < FILE", "convert": "muxshark normalise IN OUT",
    "decrypt": "muxshark FILE --keys KEYS", "scrub": "muxshark anonymise IN OUT",
    "install": "muxshark plugin --install", "update": "pip install --upgrade muxshark", "check": "muxshark doctor",
}
"""Commands of other tools, with what is here."""
