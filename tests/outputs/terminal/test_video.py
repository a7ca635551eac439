"""Video in the text: frames and bitrates in a table, delay, layers and ways beside it."""

from __future__ import annotations

from tests.analysis.streams.test_extensions import carrying, sent
from tests.finding_cases.repair import missing, pictures, remb, rtx
from tests.finding_cases.video import film
from tests.pages import section, shown
from tests.stories import C, report, talk

RELAY = ("203.0.113.50", 49_170)


def test_each_stream_of_video_has_a_row_with_its_bitrate_over_time() -> None:
    text = section(shown(report(film(lost=lambda frame: 120 <= frame < 165)), width=110), "Video")
    (row,) = [line for line in text if "0x0000004F" in line]
    assert " 255 " in row and "up to" in row and "bit/s" in row and "█" in row and "1, 1.5" in row


def test_sound_alone_has_no_such_table() -> None:
    assert "Video" not in shown(report(talk()), width=110)


def test_repairs_estimates_and_flows_are_told_beside_it() -> None:
    story = [*pictures(lost=missing), *rtx(), *[remb(1000.0 * n, 64_000 * n, 0xAAAA0001) for n in range(1, 9)]]
    text = shown(report(story), width=110)
    assert "0xAAAA0002: repairs 0xAAAA0001" in text
    assert "the receiver's estimate" in text and "bit/s" in text
    (flow,) = [line for line in section(text, "Video") if "→" in line]
    assert "198.51.100.1:16402 → 203.0.113.2:16402" in flow


def test_a_relayed_stream_is_one_row_with_its_ways() -> None:
    story = talk()
    ways = [(time + 15, RELAY, C, octets) for time, _, _, octets in story]
    text = section(shown(report([*story, *ways]), width=110), "Streams")
    assert text[0].startswith("Streams   1 stream,")
    assert sum("0x0000004D" in line for line in text) == 2
    assert any("goes on from 203.0.113.50:49170 to 203.0.113.3:16402, 0 % lost until there" in line for line in text)


def test_delay_that_varies_is_told_where_there_is_video() -> None:
    late = carrying({3: lambda n: sent(n, lambda n: 120.0 if 200 <= n < 350 else 5.0)}, payload_type=96, step=1800)
    text = shown(report(late), width=110)
    assert "up to 115 ms more than the least" in text
