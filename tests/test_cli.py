"""The command as people and scripts meet it: run for real, with its exit status and its two outputs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dissectors import __version__
from dissectors.cli import COMMANDS, main
from dissectors.report import Report
from dissectors.wire.inflate import deflate
from tests.command_line import CALL, MUXSHARK, PLAIN, ROOT, SDP, run


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
        (("explain", CALL), "FRAME is missing; write muxshark explain FILE FRAME"),
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
    assert all(command in done.stdout.decode() for command in COMMANDS)
    assert all(run(command, "--help").returncode == 0 for command in COMMANDS)


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


@pytest.mark.skipif(os.name != "posix", reason="a shell closes it")
@pytest.mark.parametrize("words", ["analyze -", "list -", "live -", "normalise - out.pcap", "anonymise - out.pcap"])
def test_without_standard_input_there_is_one_line_and_exit_status_2(words: str, tmp_path: Path) -> None:
    words = words.replace("out.pcap", str(tmp_path / "out.pcap"))
    command = ["sh", "-c", f"exec \"$@\" {words} <&-", "sh", sys.executable, "-m", "dissectors"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and not [*tmp_path.iterdir()]
    assert all(line.startswith("muxshark: ") for line in done.stderr.splitlines())
    assert "muxshark: standard input: " in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell closes it")
def test_without_standard_error_live_still_reports() -> None:
    command = ["sh", "-c", 'exec "$@" live - --json 2>&-', "sh", sys.executable, "-m", "dissectors"]
    done = subprocess.run(command, input=Path(CALL).read_bytes(), stdout=subprocess.PIPE, cwd=ROOT)
    assert done.returncode == 0 and b'"schema"' in done.stdout


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


def test_who_runs_a_command_may_keep_its_report_from_being_taken_apart(capsys: pytest.CaptureFixture[str]) -> None:
    made: list[object] = []
    assert main(["analyze", "--json", CALL], made) == 0
    (report,) = made
    assert isinstance(report, Report) and report.totals is not None
    assert report.totals.calls == json.loads(capsys.readouterr().out)["totals"]["calls"]


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
    assert b" > 10 bytes" in done.stderr and b"\\u" not in done.stderr


def test_closed_standard_output_is_no_traceback() -> None:
    words = " ".join(f"'{word}'" for word in (*MUXSHARK, "analyze", CALL))
    done = subprocess.run(["sh", "-c", f"{words} >&-"], capture_output=True, cwd=ROOT)
    assert done.returncode == 2 and b"Traceback" not in done.stderr and done.stderr.startswith(b"muxshark: ")


def test_main_can_be_called_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "muxshark/report/1"
    assert main(["analyze", "nowhere"]) == 2
    assert capsys.readouterr().err == "muxshark: nowhere: no such file\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--no-pager", "list", "x.pcap"), "options come behind the command: muxshark list --no-pager x.pcap"),
        (("--each",), "no capture named; write muxshark FILE --each, or - in place of FILE for a pipe"),
    ],
)
def test_what_stands_before_a_command_or_alone_is_told_where_it_belongs(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words]) == 2
    assert capsys.readouterr().err == f"muxshark: {said}\n"
