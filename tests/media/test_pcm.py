"""Payloads become samples as the tables of G.711 and RFC 3551 have it."""

from __future__ import annotations

from dissectors.media.pcm import A_LAW, MU_LAW, Sound, a_law, linear, mu_law


def values(samples: bytes) -> list[int]:
    return [int.from_bytes(samples[at : at + 2], "little", signed=True) for at in range(0, len(samples), 2)]


def test_mu_law_is_that_of_g711() -> None:
    assert values(mu_law(b"\x00\x80\x0f\x8f\x10\x7e\x7f\xff\xfe")) == [
        -32124, 32124, -16764, 16764, -15996, -8, 0, 0, 8
    ]
    assert values(b"".join(MU_LAW[0x80:])) == sorted(values(b"".join(MU_LAW[0x80:])), reverse=True)


def test_a_law_is_that_of_g711() -> None:
    assert values(a_law(b"\x2a\xaa\x55\xd5\x54\xd4\x45\xc5\x75")) == [-32256, 32256, -8, 8, -24, 24, -264, 264, -528]
    ordered = [A_LAW[octet ^ 0x55] for octet in range(0x80, 0x100)]
    assert values(b"".join(ordered)) == sorted(values(b"".join(ordered)))


def test_linear_samples_have_the_high_octet_first_and_channels_are_mixed() -> None:
    assert values(linear(b"\x01\x02\xff\xfe\x7f")) == [0x102, -2]
    assert values(linear(b"\x00\x10\x00\x20\xff\xf0\xff\xe0\x00\x01", 2)) == [0x18, -0x18]


def test_a_sound_says_how_payloads_are_decoded() -> None:
    assert values(Sound("PCMA", 8000).samples(b"\xd5\x55")) == [8, -8]
    assert values(Sound("PCMU", 8000, 2).samples(b"\x80\x80\x00\x80")) == [32124, 0]
