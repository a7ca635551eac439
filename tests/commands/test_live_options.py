"""The options of `muxshark live`: what makes no sense is refused in one line."""

from __future__ import annotations

import argparse

import pytest

from dissectors.commands import live_options
from dissectors.queries.expressions import All
from dissectors.sources.interface.interfaces import interfaces
from tests.command_line import ROOT
from tests.sessions import run

BAD_DAY = ROOT / "pcaps" / "bad-day.pcap"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "name an interface"),
        (("-", "-i", "eth0"), "choose either"),
        (("eth0",), "for an interface use -i eth0"),
        (("-", "-f", "udp"), "filter standard input earlier"),
        (("-i", "lo", "-i", "lo"), "name each interface once"),
        (("-i", "lo", "-i", "any"), "or any alone"),
        (("-i", "any", "-i", "lo"), "or any alone"),
        (("-", "--ndjson", "--json"), "choose either"),
        (("-i", "99999"), "no such interface; there are 1 "),
        (("-i", "0"), "no such interface; there are 1 "),
        (("-i", "1", "-i", interfaces()[0].name), "name each interface once"),
        (("-i", "lo", "--buffer", "9999999"), "the maximum is 4095"),
        (("-i", "lo", "-w", ""), "the file name is empty"),
        (("-i", "lo", "-b", "filesize:1"), "-b needs -w"),
        (("-i", "lo", "-w", "x", "-b", "files:2"), "also needs the size or duration of a file"),
        (("-i", "lo", "-a", "forever:1"), "duration:N"),
        (("-i", "lo", "--ports", "0"), "not a UDP port"),
        (("-i", "lo", "--call", ""), "name a call by its number or its Call-ID"),
        (("-i", "no-such-interface"), "no such interface; there are "),
        (("-", "--user", "no-such-user-here"), "user"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(words: tuple[str, ...], complaint: str) -> None:
    done = run(*words)
    assert done.returncode == 2 and done.stdout == b""
    assert complaint in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_ports_are_read_as_numbers_and_ranges() -> None:
    assert live_options.ports("5060,16384-16402") == ((5060, 5060), (16384, 16402))
    for wrong in ("", "5060-", "70000", "20-10", "sip"):
        with pytest.raises(argparse.ArgumentTypeError):
            live_options.ports(wrong)


@pytest.mark.parametrize(
    ("words", "call", "call_id", "kept"),
    [
        (["--call", "2"], "2", "any", True), (["--call", "2"], "1", "2@there", False),
        (["--call", "ABC"], "1", "xabcx", True), (["--call", "abc"], "1", "other", False),
        (["--call", "2", "-Y", "outcome==failed"], "2", "any", False), ([], "9", "any", True),
    ],
)
def test_one_call_is_reported_alone(words: list[str], call: str, call_id: str, kept: bool) -> None:
    parser = argparse.ArgumentParser()
    live_options.arguments(parser)
    options = parser.parse_args(["-", *words])
    live_options.settle(options)
    assert (options.wanted or All(()))({"call": {call}, "callid": {call_id}}) is kept


def test_a_session_on_one_call_reports_it_and_no_other() -> None:
    told = run("-", "--call", "2", "--log", octets=BAD_DAY.read_bytes())
    assert told.returncode == 0 and b"carol" in told.stdout and b"dave" not in told.stdout
