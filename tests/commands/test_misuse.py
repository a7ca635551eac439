"""What people type out of habit, each with the one line that says what to type instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors.cli import COMMANDS, main
from dissectors.commands import misuse
from tests.command_line import CALL

MISUSES: tuple[tuple[str, str], ...] = (
    ("analyse CALL", "did you mean analyze?"),
    ("Analyze CALL", "did you mean analyze?"),
    ("xyzzy", "no command 'xyzzy' and no such file; see muxshark --help"),
    ("capture", "muxshark live -i IFACE -w FILE"),
    ("grep", "muxshark list FILE -Y FILTER"),
    ("help lsit", "did you mean list?"),
    ("CALL --jsn", "did you mean --json?"),
    ("CALL --JSON", "did you mean --json?"),
    ("CALL -json", "did you mean --json?"),
    ("CALL \u2013json", "write --json"),
    ("CALL -T json", "--json is the report for programs"),
    ("CALL -z voip,calls", "reports calls, streams and loss without being asked"),
    ("CALL -V", "see --help of the command"),
    ("list -c 10 CALL", "| head -N"),
    ("list -n CALL", "never looked up"),
    ("CALL -R sip", "-Y FILTER"),
    ("CALL -f udp", "-Y FILTER"),
    ("CALL -i eth0", "muxshark live -i IFACE"),
    ("CALL -w out.pcap", "-w writes what -Y, --call or --time selects"),
    ("list -w out.pcap CALL", "muxshark live -w FILE"),
    ("CALL -v", "--all shows everything"),
    ("CALL --quiet", "--brief"),
    ("CALL --since 14:03", "--time 14:03.."),
    ("CALL --no-color", "--color=never"),
    ("CALL -o out.pdf", "--html FILE writes a page, which a browser prints as PDF"),
    ("CALL -o out.csv", "muxshark export writes tables"),
    ("CALL -o out.pcapng", "-w FILE keeps the frames"),
    ("analyze --html CALL", "--html names the page that is written: muxshark analyze --html OUT.html"),
    ("explain CALL --frame 5", "muxshark explain FILE FRAME"),
    ("sdp CALL --json", "calls[].descriptions"),
    ("doctor --verbose", "it always says all"),
    ("plugin install", "muxshark plugin --install"),
    ("CALL user==alice", "a filter is written -Y 'user==alice'"),
    ("show CALL 5 --pretty", "muxshark FILE --json | jq ."),
    ("list CALL -q", "muxshark FILE --brief is one line"),
    ("list CALL --count", "| wc -l counts"),
    ("each pcaps", "muxshark analyze --each FOLDER"),
    ("media CALL -o x.wav", "muxshark media FILE OUT.wav"),
    ("split CALL -o x", "muxshark split IN OUT"),
    ("live --interface eth0", "-i IFACE"),
    ("live -p 5060", "--ports 5060,16384-16402"),
    ("findings --list", "muxshark findings lists all"),
    ("CALL -Y user=~alice", "write ~ for contains"),
    ("CALL -Y user==~alice", "write user~… for contains, without =="),
    ("CALL -Y number==3", "write call"),
    ("CALL --brief=3", "--brief takes no value; write --brief alone"),
    ("CALL --color=yes", "choose from 'always', 'never', 'auto'"),
    ("CALL --clock gmt", "choose from 'relative', 'local', 'utc'"),
    ("CALL --recursive", "--each FOLDER"),
    ("CALL --filter x", "-Y FILTER"),
    ("CALL --csv", "@csv"),
    ("CALL -Y sip", "write protocol==SIP"),
    ("CALL -Y ip.addr==192.0.2.1", "write addr"),
    ("CALL -Y status=486", "write == for equal"),
    ("CALL -Y \u201cuser==a\u201d", "in curly quotes"),
    ("CALL --time 14:03-14:05", "write 14:03..14:05"),
    ("CALL --time -5..3", "-5 is before the capture"),
    ("CALL --time 3..-5", "-5 is before the capture"),
    ("CALL --call ", "name a call by its number or its Call-ID"),
    ("CALL -Y ", "the filter is empty; write one as"),
    ("show CALL 5 --call 1", "muxshark list FILE --call CALL"),
    ("verify CALL --call 1", "then verify OUT"),
    ("verify nowhere.pcap", "nowhere.pcap: no such file"),
    ("sql select CALL --call 1", "from calls where number = 3"),
    ("inflate CALL", "CALL is a capture, not a body: muxshark show FILE FRAME --body"),
    ("CALL --time noon", "14:03..14:05"),
    ("CALL --call 17", "no call '17'; there are 1 (3fc5"),
    ("CALL --fail-on eror", "did you mean error?"),
    ("pcaps/*.pcap", "without quotes the shell finds the files"),
    ("http://192.0.2.1/a.pcap", "fetch it first"),
    ("FOLDER", "analyze --each FOLDER reads every capture in it"),
    ("show CALL", "FRAME is missing; write muxshark show FILE FRAME"),
    ("show 5 CALL", "the file comes first"),
    ("show CALL 5-9", "several frames; name one"),
    ("show CALL five", "not a whole number above zero"),
    ("diff CALL", "FILE is missing; write muxshark diff FILE FILE"),
    ("diff CALL CALL CALL", "one word too many"),
    ("live", "name an interface (-i, see -D)"),
    ("live eth0", "use -i eth0"),
    ("live CALL", "is a file; muxshark analyze"),
    ("findings media-one-wy", "did you mean media-one-way?"),
    ("--json", "no capture named; write muxshark FILE --json"),
    ("CALL 5", "muxshark show FILE 5 prints a message, --call 5 chooses a call"),
    ("CALL.pcp", "no such file; did you mean CALL.pcap?"),
    ("Call", "no such file; did you mean CALL?"),
    ("show FOLDER/talk 5", "FOLDER/talk: no such file; did you mean FOLDER/talk.pcap?"),
    ("CALL --call 1 --call 2", "given twice: it names one call; -Y 'call==1 or call==2'"),
    ("CALL --call 1,2", "-Y 'call==1 or call==2' shows them"),
    ("CALL --call 1-3", "-Y 'call>=1 and call<=3' shows them"),
    ("CALL -Y user==a -Y user==b", "given twice: join them"),
    ("CALL --time 1 --time 2", "given twice: name one time"),
    ("CALL -Y alice", "as in user==alice or callid~alice"),
    ("CALL -Y 486", "as in call==486 or status==486 or port==486"),
    ("CALL -Y 192.0.2.1", "or addr~192.0.2.1"),
    ("CALL -Y time>5", "write --time FROM..TO"),
    ("CALL -Y outcome==fail", "did you mean failed?"),
    ("CALL --json --brief", "not allowed with argument --json"),
    ("CALL -o", "-o/--output needs a value: -o FILE"),
    ("CALL --clock", "--clock needs a value: --clock relative|local|utc"),
    ("CALL --html x.pdf", "a page, which ends in .html"),
    ("CALL -d 5060,sip", "not of the form udp.port==5060,SIP"),
    ("CALL -d udp.port=5060,SIP", "not of the form udp.port==5060,SIP"),
    ("CALL --failed", "-Y outcome==failed"),
    ("CALL --tz utc", "--clock relative|local|utc"),
    ("show CALL 5,6", "several frames; name one"),
    ("show CALL 5 --json", "muxshark list FILE --ndjson"),
    ("live -r CALL", "muxshark FILE reads a capture"),
    ("live -i lo --record-on sev>=error", "--record-on: no field 'sev'"),
    ("export CALL -o x.xlsx", "endings are .csv"),
    ("export CALL -o x.csv", "tables of CSV are a file each; -o names a folder"),
    ("export CALL x.csv", "-o x.csv writes there"),
    ("export CALL --csv", "export takes no --csv: --format csv"),
    ("sql CALL select", "the SELECT comes first"),
    ("sql select", "try: muxshark sql SELECT FILE"),
    ("media CALL x.mp3", "only WAV is written"),
    ("findings media-o", "there are media-one-way"),
    ("completion", "write muxshark completion bash|zsh|fish"),
    ("play CALL", "muxshark media FILE OUT.wav"),
    ("view CALL", "no command 'view' here: muxshark browse FILE"),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "CALL").write_bytes(Path(CALL).read_bytes())
    (tmp_path / "FOLDER").mkdir()
    for name in ("CALL.pcap", "FOLDER/talk.pcap"):
        (tmp_path / name).symlink_to(CALL)
    for name in ("CALL.txt", "FOLDER/talk.doc"):
        (tmp_path / name).write_text("no capture")


@pytest.mark.parametrize(("typed", "said"), MISUSES, ids=[typed for typed, _ in MISUSES])
def test_a_misuse_is_answered_with_what_to_type(typed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split(" ")) == 2
    told = capsys.readouterr()
    assert told.out == "" and said in told.err and told.err.startswith("muxshark: ")
    assert told.err.count("\n") <= 3 and len(told.err.splitlines()[0]) < 400


def test_there_are_forty_of_them_and_more() -> None:
    assert len(MISUSES) >= 40


@pytest.mark.parametrize(
    "typed",
    [
        "CALL", "--brief CALL", "-r CALL", "analyze CALL --clock UTC", "show CALL #5", "CALL --fail-on Error",
        "CALL --call #1", "findings Media-One-Way", "anonymize CALL OUT", "normalize CALL OUT", "live help",
        "--help list", "CALL -o -", "CALL CALL",
    ],
)
def test_what_can_be_understood_is_done(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split(" ")) == 0
    assert capsys.readouterr().err.count("\n") <= 1


def test_a_dash_is_standard_output_and_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for words in (["-o", "-"], ["--html", "-"]):
        assert main(["CALL", *words]) == 0 and len(capsys.readouterr().out) > 1000
    assert not (tmp_path / "-").exists()


def test_nothing_is_suggested_that_is_not_close_and_no_habit_hides_an_option() -> None:
    names = list(COMMANDS)
    assert "did you mean" not in misuse.instead_of_command("wireshark", names)
    assert "did you mean" not in misuse.instead_of_option("--xyzzy", ["--json", "--time"])
    assert not set(misuse.COMMANDS) & set(names)


def test_a_file_that_looks_like_an_option_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-dash.pcap").write_bytes(Path(CALL).read_bytes())
    for words in (["-dash.pcap"], ["analyze", "-dash.pcap"], ["show", "-dash.pcap", "5"]):
        assert main(words) == 2
        assert "'-dash.pcap' is a file that looks like an option; write ./-dash.pcap\n" in capsys.readouterr().err
    assert main(["./-dash.pcap", "--brief"]) == 0


def test_an_address_within_a_question_or_a_filter_is_none_of_a_file() -> None:
    assert misuse.instead_of_word(["sql", "select 'http://192.0.2.1/a' a"]) is None
    assert misuse.instead_of_word(["CALL", "-Y", "user~http://192.0.2.1/a"]) is None
    assert "fetch it first" in (misuse.instead_of_word(["https://192.0.2.1/a.pcap"]) or "")
