"""What of a capture is asked for: one filter, one call, one time; filters that say where they cannot be read."""

from __future__ import annotations

import argparse

import pytest

from dissectors.commands import choosing
from dissectors.commands.inputs import Refused
from tests.command_line import ROOT, run

BAD_DAY = str(ROOT / "pcaps" / "bad-day.pcap")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(exit_on_error=False)
    choosing.add_filter(made, "calls")
    choosing.add_time(made)
    return made


def test_what_is_asked_for_once_is_kept() -> None:
    found = parser().parse_args(["-Y", "user==a", "--call", "2", "--time", "1..2"])
    assert (found.call, found.time.text) == ("2", "1..2") and found.filter({"user": {"a"}})
    nothing = parser().parse_args([])
    assert (nothing.filter, nothing.call, nothing.time) == (None, None, None)


@pytest.mark.parametrize("words", [["-Y", "user==a"], ["--call", "2"], ["--time", "1..2"]])
def test_what_is_asked_for_twice_is_refused(words: list[str]) -> None:
    with pytest.raises(argparse.ArgumentError, match="given twice: "):
        parser().parse_args([*words, *words])


def test_the_place_in_a_filter_that_cannot_be_read_is_marked_and_its_option_named() -> None:
    with pytest.raises(Refused, match="--record-on: write == for eq") as refused:
        choosing.wanted("--record-on")("status eq 486")
    assert refused.value.below == ("  status eq 486", "         ^")


def test_calls_and_packets_are_chosen_by_their_codec() -> None:
    assert run(BAD_DAY, "-Y", "codec==pcmu", "--brief").stdout.decode().count(": call ") == 3
    assert b"nothing matches" in run(BAD_DAY, "-Y", "codec==G729", "--brief").stdout
    listed = run("list", BAD_DAY, "-Y", "codec==PCMU and call==3 and protocol==RTP").stdout
    assert listed.count(b"\n") == 250
