"""TLS with its keys: what both sides said is read, whichever way they protected it and however it was cut."""

from __future__ import annotations

import random
import ssl
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import offline
from dissectors.crypto.secrets import Secrets
from dissectors.mux.scan import Scanner
from dissectors.mux.tls import MAX_WAITING_OCTETS
from dissectors.sources import keys as files
from dissectors.wire.tcp import Segment
from tests.finding_cases.tls import pcapng
from tests.mux.test_connection import WITH_VIA
from tests.mux.test_connections import OK
from tests.mux.test_framings import OPTIONS
from tests.secured import Made, Said, contexts, identity, secured, suite
from tests.stories import stun
from tests.tcp_frames import A, B, conversation, records
from tests.twins import SCANNERS, Twin
from tests.wire.test_websocket import REQUEST, SWITCHED, framed

SAID: list[Said] = [(True, OPTIONS), (False, OK), (True, OPTIONS * 2), (False, OK + OK)]
READ = [("tls", octets) for octets in (OPTIONS, OK, OPTIONS, OPTIONS, OK, OK)]
Read = list[tuple[str, bytes]]
DATA = Path(__file__).resolve().parents[1] / "data" / "tls"


def scanner(keys: bytes | None, build: type = Scanner) -> Scanner:
    made: Scanner = build()
    if keys is not None:
        made.connections.secrets = Secrets()
        made.connections.secrets.add(keys)
    return made


def read(segments: list[Segment], scanning: Scanner, size: int = 4096) -> Read:
    entries = [each for batch in scanning.scan(records(segments), size) for each in batch.entries]
    entries += scanning.finish().entries
    return [(each.flow.key.transport, each.payload) for each in entries]


def opened(made: Made, size: int = 1400) -> Read:
    return read(conversation(made.sent, size=size), scanner(made.keys))


@pytest.mark.parametrize(
    "name",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-CCM",
        "ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-AES256-CCM", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-NULL-SHA",
    ],
)
def test_each_family_of_suites_is_opened(name: str) -> None:
    assert opened(secured(SAID, suite(name))) == READ


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_opened(version: ssl.TLSVersion) -> None:
    assert opened(secured(SAID, suite("ECDHE-ECDSA-AES128-SHA", version))) == READ


def test_tls_1_3_is_opened() -> None:
    assert opened(secured(SAID, suite("", ssl.TLSVersion.TLSv1_3))) == READ


def test_a_mac_inside_is_as_good_as_one_outside() -> None:
    """Without the extension of RFC 7366 the MAC is encrypted, too."""

    def without(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
        suite("ECDHE-ECDSA-AES128-SHA256")(client, server)
        client.options |= 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC

    made = secured(SAID, without)
    assert b"\0\x16\0\0" not in made.sent[0][1]
    assert opened(made) == READ


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_session_is_opened(version: ssl.TLSVersion) -> None:
    both = contexts()
    suite("", version)(*both)
    first = secured(SAID, both=both)
    again = secured(SAID, both=both, session=first.session)
    assert opened(again) == READ
    session = next(iter(_scanned(again).connections.secured.values()))
    assert session.resumed is (version is ssl.TLSVersion.TLSv1_3)


@pytest.mark.parametrize("ticket", [True, False], ids=["ticket", "identifier"])
def test_a_private_key_opens_what_was_encrypted_for_it_and_what_goes_on(ticket: bool) -> None:
    both = contexts("rsa")
    suite("AES128-GCM-SHA256")(*both)
    if not ticket:
        both[1].options |= ssl.OP_NO_TICKET
    first = secured(SAID, both=both)
    again = secured(SAID, both=both, session=first.session)
    scanning = scanner(identity("rsa")[1].read_bytes())
    other = [((A[0], 40_001) if end == A else B, octets) for end, octets in again.sent]
    whole = conversation(first.sent) + conversation(other, ((A[0], 40_001), B))
    assert read(whole, scanning) == READ * 2


def test_a_private_key_opens_without_the_extended_master_secret() -> None:
    def without(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
        suite("AES128-SHA256")(client, server)
        server.options |= 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET

    made = secured(SAID, without, kind="rsa")
    assert read(conversation(made.sent), scanner(identity("rsa")[1].read_bytes())) == READ


def test_without_keys_nothing_is_read_and_the_server_is_named() -> None:
    made = secured(SAID)
    scanning = scanner(None)
    assert read(conversation(made.sent), scanning) == []
    ((_, port, what),) = scanning.connections.unread.counts
    assert (port, what.name, what.detail) == (5060, "TLS 1.3", "sip.example.com")


def test_keys_of_another_connection_open_nothing() -> None:
    made, other = secured(SAID), secured(SAID)
    scanning = scanner(other.keys)
    assert read(conversation(made.sent), scanning) == []
    assert len(scanning.connections.unread.counts) == 1
    assert not scanning.connections._open


def test_what_is_read_is_not_named_as_unread() -> None:
    assert not _scanned(secured(SAID)).connections.unread.counts


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_keys_that_come_late_open_what_waited(version: ssl.TLSVersion) -> None:
    made = secured(SAID, suite("", version))
    scanning = scanner(b"")
    secrets = scanning.connections.secrets
    assert secrets is not None
    secrets.growing = True
    segments = records(conversation(made.sent))
    entries = [each for batch in scanning.scan(segments[:-1]) for each in batch.entries]
    assert entries == []
    secrets.add(made.keys)
    entries = [each for batch in scanning.scan(segments[-1:]) for each in batch.entries]
    assert [(each.flow.key.transport, each.payload) for each in entries] == READ
    # Each message belongs to the frame of its last octet, not to the one in which its key came.
    assert [each.frame for each in entries] == sorted(each.frame for each in entries)
    assert entries[0].frame < entries[-1].frame


def test_what_waits_for_keys_is_bounded() -> None:
    made = secured([(True, OPTIONS * 150)] * 30)
    scanning = scanner(b"")
    secrets = scanning.connections.secrets
    assert secrets is not None
    secrets.growing = True
    most = 0
    for _ in scanning.scan(records(conversation(made.sent)), 1):
        most = max(most, *(each.weight for each in scanning.connections._open.values()), 0)
    assert sum(len(octets) for _, octets in made.sent) > 2 * MAX_WAITING_OCTETS
    assert most < 2 * MAX_WAITING_OCTETS and not scanning.connections._open


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_goes_on_behind_a_hole(version: ssl.TLSVersion) -> None:
    made = secured(SAID, suite("", version))
    segments = conversation(made.sent)
    # The first request is missing, and never comes.
    lost = next(n for n, one in enumerate(segments) if n > 5 and one.payload[:1] == b"\x17" and one.src == A[0])
    assert sorted(read(segments[:lost] + segments[lost + 1 :], scanner(made.keys))) == sorted(READ[1:])


MADE = {version: secured(SAID, suite("", version)) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(MADE)), st.integers(1, 1400), st.integers(0, 1 << 32))
def test_segments_of_any_size_and_order_give_the_same_messages(version: ssl.TLSVersion, size: int, seed: int) -> None:
    made, dice = MADE[version], random.Random(seed)
    segments = conversation(made.sent, size=size)
    places = sorted(range(2, len(segments)), key=lambda place: place + dice.random() * 6)
    mixed = segments[:2] + [segments[place] for place in places]
    doubled = [one for each in mixed for one in [each] * dice.choice((1, 1, 2))]
    assert sorted(read(doubled, scanner(made.keys))) == sorted(READ)


@pytest.mark.parametrize("twin", SCANNERS)
def test_both_scans_read_the_same(twin: Twin) -> None:
    for made in MADE.values():
        assert read(conversation(made.sent), scanner(made.keys, twin)) == READ


def test_a_client_hello_in_parts_names_the_server() -> None:
    made = secured(SAID)
    scanning = scanner(None)
    assert read(conversation(made.sent, size=30), scanning) == []
    ((_, _, what),) = scanning.connections.unread.counts
    assert what.detail == "sip.example.com"


def test_damaged_records_and_messages_do_no_harm() -> None:
    dice = random.Random(7)
    for made in MADE.values():
        for _ in range(200):
            sent = []
            for end, octets in made.sent:
                damaged = bytearray(octets)
                for _ in range(dice.choice((0, 0, 1, 3))):
                    damaged[dice.randrange(len(damaged))] = dice.randrange(256)
                sent.append((end, bytes(damaged)))
            assert len(read(conversation(sent), scanner(made.keys))) <= len(READ)


def _scanned(made: Made) -> Scanner:
    scanning = scanner(made.keys)
    read(conversation(made.sent), scanning)
    return scanning


def test_a_connection_that_cannot_be_read_is_given_up_soon() -> None:
    sent = secured(SAID, suite("", ssl.TLSVersion.TLSv1_2)).sent
    client = [each for each in sent if each[0] == A]
    one_way = [*client, *[(A, b"\x17\3\3\0\x20" + bytes(32))] * 20]
    no_tls = [client[0], (A, b"\x99" * 100), (A, b"\x17\3\3\0\x20" + bytes(32))]
    for each in (one_way, no_tls):
        scanning = scanner(None)
        assert read(conversation(each), scanning) == []
        assert not scanning.connections._open and len(scanning.connections.secured) == 1


def test_early_data_and_renewed_keys_are_opened() -> None:
    path = DATA / "tls13_early_update.pcap"
    report = offline.analyze([str(path)], keys=files.read([str(path.with_suffix(".keys"))]))
    (told,) = report.tls
    assert (told.resumed, told.early_data, told.opened, told.records) == (True, "accepted", 14, 14)
    assert [message.place.frame for call in report.calls for message in call.messages] == [4, 11, 15, 21]
    (told,) = offline.analyze([str(path)]).tls
    assert (told.resumed, told.early_data, told.opened) == (True, "sent", 0)


def test_websocket_and_stun_are_read_within_tls() -> None:
    spoken: list[Said] = [
        (True, REQUEST), (False, SWITCHED), (True, framed(OPTIONS, key=b"abcd")), (False, framed(OK)),
    ]
    assert opened(secured(spoken)) == [("wss", OPTIONS), ("wss", OK)]
    binding = stun(1, 1)[3]
    assert opened(secured([(True, binding)] * 2)) == [("tls", binding)] * 2


def test_tls_that_carries_nothing_that_is_read_is_given_up_and_named() -> None:
    said: list[Said] = [(True, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (False, b"HTTP/1.1 200 OK\r\n\r\n")]
    made = secured(said, protocols=("h2",))
    scanning = scanner(made.keys)
    assert read(conversation(made.sent), scanning) == []
    ((_, _, what),) = scanning.connections.unread.counts
    assert what.detail == "h2 for sip.example.com" and not scanning.connections._open


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_capture_may_hold_keys_behind_what_they_open(version: ssl.TLSVersion) -> None:
    made = MADE[version]
    last = len(conversation(made.sent)) - 1
    for behind in (0, 3, 6, last):
        report = offline.analyze([BytesIO(pcapng(made, behind=behind))])
        assert report.capture.messages == len(READ), behind
        assert [each.keys for each in report.tls] == ["found"]
    (told,) = offline.analyze([BytesIO(pcapng(made, keys=False))]).tls
    assert (told.keys, told.outcome, told.opened) == ("none", "complete", 0)


@pytest.mark.parametrize("keys", [True, False])
def test_a_finished_connection_keeps_only_what_the_report_tells(keys: bool) -> None:
    made = secured([(True, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")], suite("", ssl.TLSVersion.TLSv1_2))
    scanning = scanner(made.keys if keys else None)
    assert read(conversation(made.sent), scanning) == []
    (session,) = scanning.connections.secured.values()
    assert session.weight == 0 and session.hello is not None and session.server is not None
    assert not session.hello.extensions and not session.server.extensions
    assert session.possible is keys and len(session.sides[1].chain) == 1


def test_a_message_that_is_not_finished_ends_where_the_next_begins_in_a_record() -> None:
    long = OPTIONS.replace(b"Content-Length: 5", b"Content-Length: 900")
    made = secured([(True, long), (True, WITH_VIA), (True, OPTIONS)])
    assert opened(made) == [("tls", long), ("tls", WITH_VIA), ("tls", OPTIONS)]
