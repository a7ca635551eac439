"""The command as people and scripts meet it: run for real, with its exit status and its two outputs."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dissectors import __version__
from dissectors.cli import COMMANDS, main, parser
from dissectors.outputs.completion import script
from dissectors.wire.inflate import deflate
from tests.made import frame, sip

ROOT = Path(__file__).resolve().parents[2]
CALL = str(ROOT / "pcaps" / "facetime-2013.pcap")
MUX = str(ROOT / "pcaps" / "rfc7983.pcap")
MUXSHARK = [sys.executable, "-c", "import sys; from dissectors.cli import main; sys.exit(main())"]
PLAIN = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
SDP = b"v=0\r\ns=-\r\n"


def run(*words: str, input: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*MUXSHARK, *words], input=input, capture_output=True, cwd=ROOT, env={**PLAIN, **environment}, timeout=120
    )


def fragmented(payload: bytes) -> list[bytes]:
    """An Ethernet frame's IPv4 datagram in fragments of 1,480 octets."""
    octets = frame(("192.0.2.1", 5060), ("192.0.2.2", 5060), payload)
    ethernet, header, inside = octets[:14], octets[14:34], octets[34:]
    pieces = []
    for at in range(0, len(inside), 1480):
        piece = inside[at : at + 1480]
        more = 0x2000 if at + 1480 < len(inside) else 0
        fields = struct.pack("!HHH", 20 + len(piece), 7, more | at // 8)
        pieces.append(ethernet + header[:2] + fields + header[8:] + piece)
    return pieces


def pcap(frames: list[bytes]) -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<IIII", 1, 0, len(each), len(each)) + each for each in frames)


def test_analyze_prints_the_report_on_standard_output_alone() -> None:
    done = run("analyze", CALL)
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout.startswith(b"facetime-2013.pcap: one call, talked ") and b"\x1b" not in done.stdout


def test_json_is_one_document() -> None:
    made = json.loads(run("analyze", "--json", CALL).stdout)
    assert made["schema"] == "muxshark/report/1" and len(made["streams"]) == 2


def test_standard_input_and_r_are_captures_too() -> None:
    by_name = json.loads(run("analyze", "--json", CALL).stdout)
    by_r = json.loads(run("analyze", "--json", "-r", CALL).stdout)
    by_pipe = json.loads(run("analyze", "--json", "-", input=Path(CALL).read_bytes()).stdout)
    assert by_name == by_r and by_name["streams"] == by_pipe["streams"]


def test_several_files_are_one_timeline() -> None:
    made = json.loads(run("analyze", "--json", CALL, "-r", MUX).stdout)
    assert [file["name"] for file in made["capture"]["files"]] == [MUX, CALL]
    assert made["capture"]["datagrams"] == 2242 + 84


def test_a_port_can_be_forced_to_a_protocol() -> None:
    listed = run("list", "--ndjson", "-d", "udp.port==16402,rtcp", CALL).stdout.splitlines()
    assert {json.loads(line)["protocol"] for line in listed} == {"RTCP"}


def test_inflating_keeps_to_the_bound_that_was_asked_for() -> None:
    made = json.loads(run("analyze", "--json", "--max-inflated", "100", CALL).stdout)
    assert made["calls"][0]["messages"][0]["body"]["status"] == "over limit"


def test_list_prints_one_line_a_datagram() -> None:
    lines = run("list", CALL).stdout.decode().splitlines()
    assert len(lines) == 2242 and " SIP " in lines[4] and "INVITE" in lines[4]


def test_explain_names_the_rules_the_winner_and_the_message() -> None:
    text = run("explain", CALL, "5").stdout.decode()
    assert text.startswith("Frame 5: SIP, certain\n")
    assert "  winner     SIP by start line of SIP/2.0" in text
    assert "| m=audio 16402 RTP/AVP 104 105 106 9 0 124 122 121" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("999999",), "frame 999999: the capture has 2,242 frames"),
        (("5", "--layer", "3"), "frame 5 holds no UDP datagram in layer 3"),
    ],
)
def test_explain_says_when_there_is_no_such_datagram(words: tuple[str, ...], said: str) -> None:
    done = run("explain", CALL, *words)
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr.decode() == f"muxshark: {CALL}: {said}\n"


@pytest.mark.parametrize(
    ("kept", "asked", "said"),
    [
        ((0, 1, 2), 1, "a fragment; frame 3 completes its datagram"),
        ((0, 1, 2), 2, "a fragment; frame 3 completes its datagram"),
        ((0, 2), 2, "a fragment of a datagram that is incomplete here"),
    ],
)
def test_explain_says_what_became_of_a_fragment(
    kept: tuple[int, ...], asked: int, said: str, tmp_path: Path
) -> None:
    pieces = fragmented(sip("INVITE sip:bob@192.0.2.2 SIP/2.0", "Call-ID: " + "x" * 3000))
    path = tmp_path / "fragments.pcap"
    path.write_bytes(pcap([pieces[i] for i in kept]))
    done = run("explain", str(path), str(asked))
    assert done.returncode == 2 and done.stderr.decode() == f"muxshark: {path}: frame {asked} is {said}\n"


def test_list_says_at_its_end_that_a_capture_is_cut_or_damaged(tmp_path: Path) -> None:
    octets = Path(CALL).read_bytes()
    for name, kept, said in (
        ("cut", octets[:5000], "the capture ends within a record, at octet "),
        ("bad", octets[:24] + b"\xff" * 16, "the capture is damaged at octet 24: "),
    ):
        (tmp_path / name).write_bytes(kept)
        done = run("list", str(tmp_path / name))
        assert done.returncode == 0 and done.stderr.decode().startswith(f"muxshark: {tmp_path / name}: {said}")
        assert done.stderr.count(b"\n") == 1 and run("list", CALL).stderr == b""


def test_list_names_the_file_where_there_are_several() -> None:
    lines = run("list", CALL, MUX).stdout.decode().splitlines()
    assert {line.split()[0] for line in lines} == {"facetime-2013.pcap", "rfc7983.pcap"}
    with_folders = run("list", CALL, CALL).stdout.decode().splitlines()
    assert {line.split()[0] for line in with_folders} == {CALL}


def test_a_port_that_is_forced_says_so_instead_of_contradicting_itself() -> None:
    text = run("explain", "-d", "udp.port==16402,QUIC", CALL, "5").stdout.decode()
    assert "  because    -d takes every datagram of this port for QUIC\n" in text
    assert "  the table  says SIP by start line of SIP/2.0 (certain)\n" in text
    assert "winner" not in text and "runner-up" not in text


def test_inflate_gives_the_text_and_says_what_was_found(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(deflate(SDP, "deflate"))
    done = run("inflate", str(body), "--label", "gzip")
    assert done.returncode == 0 and done.stdout == SDP
    said = done.stderr.decode().splitlines()
    assert said[0] == f"muxshark: zlib, {body.stat().st_size} → 10 octets, complete, labelled gzip"
    assert any("the label says gzip" in line for line in said[1:])


@pytest.mark.parametrize(
    ("body", "status", "text"), [(SDP, 0, SDP), (deflate(SDP * 9, "deflate")[:20], 2, None), (b"", 0, b"")]
)
def test_inflate_reads_a_pipe_and_tells_whole_bodies_from_broken_ones(
    body: bytes, status: int, text: bytes | None
) -> None:
    done = run("inflate", "-", input=body)
    assert done.returncode == status and (text is None or done.stdout == text)


def test_inflate_shows_control_characters_on_a_terminal() -> None:
    assert b"\x1b" not in on_a_terminal(["inflate", "-"], deflate(b"v=0\r\ns=\x1b[2J\r\n", "deflate"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("analyze", "nowhere.pcap"), "no such file"),
        (("analyze", "."), "a directory"),
        (("analyze", "/dev/null"), "empty"),
        (("analyze", str(ROOT / "setup.cfg")), "not a capture: it is text"),
        (("analyze",), "no capture named"),
        (("analyze", "-", "-"), "only once"),
        (("analyse", CALL), "did you mean analyze?"),
        (("xyzzy",), "no command 'xyzzy'"),
        (("analyze", "--jsn", CALL), "did you mean --json?"),
        (("--vers",), "did you mean --version?"),
        (("analyze", "--clock", "moon", CALL), "invalid choice"),
        (("analyze", "--width", "-3", CALL), "width"),
        (("analyze", "-d", "udp.port==5,SMTP", CALL), "no protocol 'SMTP'"),
        (("analyze", "-d", "tcp.port==5,SIP", CALL), "not of the form"),
        (("analyze", "-d", "udp.port==70000,SIP", CALL), "not a UDP port"),
        (("analyze", "--max-ratio", "0", CALL), "above zero"),
        (("analyze", "--max-inflated", "9" * 20, CALL), "a number of 20 digits is too large"),
        (("list", "-d", "udp.port==5,SIP", "-d", "udp.port==5,QUIC", CALL), "asks for SIP and for QUIC on port 5"),
        (("list", "a\x1b[2J\nb.pcap"), "no such file"),
        (("inflate", "nowhere"), "no such file"),
        (("inflate", "a\x1b[2J"), "no such file"),
        (("explain", CALL), "required"),
        (("explain", CALL, "zero"), "not a whole number"),
        (("explain", "nowhere.pcap", "1"), "no such file"),
        (("completion", "tcsh"), "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_status_2(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    text = done.stderr.decode()
    assert done.returncode == 2 and done.stdout == b""
    assert text.startswith("muxshark: ") and text.count("\n") == 1 and said in text
    assert text.rstrip("\n").isprintable()


def test_without_arguments_there_is_help_and_exit_status_2() -> None:
    done = run()
    assert done.returncode == 2 and done.stdout == b"" and done.stderr.startswith(b"usage: muxshark")


def test_help_is_no_error_and_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0 and done.stderr == b""
    assert all(command.NAME in done.stdout.decode() for command in COMMANDS)
    assert all(run(command.NAME, "--help").returncode == 0 for command in COMMANDS)


def test_the_version_names_the_build_and_the_python() -> None:
    said = run("--version").stdout.decode()
    assert said.startswith(f"muxshark {__version__} (scan: ") and "Python" in said


def test_a_reader_that_has_heard_enough_ends_the_work_in_silence() -> None:
    # This listing is longer than a pipe's buffer, so that the writer is sure to be cut off.
    with subprocess.Popen(
        [*MUXSHARK, "list", CALL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=PLAIN
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_a_full_disk_is_said_in_one_line() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*MUXSHARK, "analyze", CALL], stdout=full, stderr=subprocess.PIPE, cwd=ROOT)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"no space left" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["--help", "list --help", "--version", "completion bash"])
def test_a_full_disk_is_no_success_of_help_either(words: str, unbuffered: str) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        environment = {**PLAIN, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(
            [*MUXSHARK, *words.split()], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, env=environment
        )
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"no space left" in done.stderr


def test_without_standard_error_the_exit_status_still_tells() -> None:
    words = " ".join(f"'{word}'" for word in (*MUXSHARK, "analyze", "nowhere.pcap"))
    done = subprocess.run(["sh", "-c", f"{words} 2>&-"], capture_output=True, cwd=ROOT)
    assert done.returncode == 2 and done.stdout == b""


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "dissectors", "--version"], capture_output=True, cwd=ROOT)
    assert done.returncode == 0 and done.stdout.startswith(b"muxshark ")


def test_interrupting_the_start_ends_with_130_and_without_a_traceback() -> None:
    # The import of the command line is what takes the first moments; this one never ends.
    code = (
        "import sys, time\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'dissectors.cli': print('begun', flush=True); time.sleep(60)\n"
        "from dissectors.__main__ import main\n"
        "sys.meta_path.insert(0, Slow())\n"
        "sys.exit(main())\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said == b""


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are another thing on Windows")
@pytest.mark.parametrize("module", ["dissectors.cli", "dissectors.offline"])
def test_an_interrupt_that_python_would_lose_ends_it_too(module: str) -> None:
    # An exception in a destructor is told and forgotten; so is one in what an import calls when it is done.
    code = (
        "import signal, sys\n"
        "class Lost:\n"
        "    def __del__(self): signal.raise_signal(signal.SIGINT)\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: Lost()\n"
        "from dissectors.__main__ import main\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"sys.argv[1:] = ['analyze', {CALL!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are another thing on Windows")
def test_who_ignores_interrupts_goes_on_with_it() -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.startswith('dissectors.'): signal.raise_signal(signal.SIGINT)\n"
        "from dissectors.__main__ import main\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv[1:] = ['--version']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith(b"muxshark ")


def test_a_package_that_is_missing_is_named_in_one_line() -> None:
    code = (
        "import sys\n"
        "sys.modules['msgspec'] = None\n"
        "from dissectors.__main__ import main\n"
        "sys.argv[1:] = ['analyze', 'nothing.pcap']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "muxshark: the Python package msgspec is missing: pip install msgspec\n"


def test_interrupting_ends_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([*MUXSHARK, "analyze", str(pipe)], stdout=-1, stderr=subprocess.PIPE, cwd=ROOT) as process:
        # Opening succeeds once the command has the other end, so it is at work when the signal comes.
        while process.poll() is None:
            with contextlib.suppress(OSError):
                there = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                break
            time.sleep(0.01)
        with open(there, "wb") as writer:
            writer.write(Path(CALL).read_bytes()[:4096])
            writer.flush()
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said == b""


def test_a_terminal_without_utf_8_gets_no_traceback() -> None:
    for words in (("analyze", CALL), ("list", CALL), ("explain", CALL, "5")):
        done = run(*words, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
        assert done.returncode == 0 and done.stderr == b"" and done.stdout.isascii()
        assert b" > " in done.stdout and b"\\u" not in done.stdout
    done = run("inflate", "-", input=deflate(SDP, "deflate"), PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert b" > 10 octets" in done.stderr and b"\\u" not in done.stderr


def test_closed_standard_output_is_no_traceback() -> None:
    words = " ".join(f"'{word}'" for word in (*MUXSHARK, "analyze", CALL))
    done = subprocess.run(["sh", "-c", f"{words} >&-"], capture_output=True, cwd=ROOT)
    assert done.returncode == 2 and b"Traceback" not in done.stderr and done.stderr.startswith(b"muxshark: ")


def on_a_terminal(words: list[str], input: bytes = b"") -> bytes:
    """What a command writes to a terminal of 80 columns."""
    try:
        leader, follower = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be opened here: {error}")
    environment = {**PLAIN, "TERM": "xterm-256color", "COLUMNS": "80"}
    outputs = {"stdout": follower, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*MUXSHARK, *words], stdin=subprocess.PIPE, **outputs, cwd=ROOT, env=environment) as process:
        os.close(follower)
        assert process.stdin is not None
        process.stdin.write(input)
        process.stdin.close()
        pieces = []
        try:
            while piece := os.read(leader, 65536):
                pieces.append(piece)
        except OSError:  # Linux reports the end of a terminal as an error.
            pass
        process.wait(timeout=60)
    os.close(leader)
    return b"".join(pieces)


def test_a_terminal_gets_colours_and_arrows() -> None:
    text = on_a_terminal(["analyze", CALL])
    assert b"\x1b[" in text and "▶│".encode() in text.replace(b"\x1b[0m", b"").replace(b"\x1b[2m", b"")


def test_a_listing_on_a_terminal_is_one_row_a_datagram() -> None:
    lines = on_a_terminal(["list", CALL]).decode().splitlines()
    assert len(lines) == 2242 and max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("muxshark an", {"analyze"}),
        ("muxshark --v", {"--version"}),
        ("muxshark analyze --js", {"--json"}),
        ("muxshark analyze --clock ", {"relative", "local", "utc"}),
        ("muxshark list --", {"--help", "--ndjson", "--max-inflated", "--max-ratio"}),
        ("muxshark completion ", {"bash", "zsh", "fish"}),
        ("muxshark analyze setup.c", {"setup.cfg"}),
        ("muxshark explain --layer 1 setup.c", {"setup.cfg"}),
        ("muxshark analyze -r setup.c", {"setup.cfg"}),
        ("muxshark analyze -d setup.c", set()),
        ("muxshark inflate --label setup.c", set()),
    ],
)
def test_bash_completes_commands_options_choices_and_files(typed: str, offered: set[str]) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    words = typed.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    code = f"""{script("bash", parser())}
COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
_muxshark; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run([bash, "--norc", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "" and set(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_every_command_and_option(shell: str) -> None:
    text = script(shell, parser())
    assert all(command.NAME in text for command in COMMANDS)
    assert all(option in text for option in ("ndjson", "max-inflated", "layer", "label"))
    if path := shutil.which(shell):
        subprocess.run([path, "-n", "/dev/stdin"], input=text, text=True, check=True)


def test_main_can_be_called_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "muxshark/report/1"
    assert main(["analyze", "nowhere"]) == 2
    assert capsys.readouterr().err == "muxshark: nowhere: no such file\n"
