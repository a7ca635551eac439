"""What programs were given to say, beside what muxshark heard of their calls: in the clear, SDES, and DTLS-SRTP."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.interop.sessions import browsers, softphones
from tools.interop.sessions.network import ROOT, Cable, Missing, cable, need, report
from tools.interop.sessions.peers import talk
from tools.interop.sessions.results import Row, facts
from tools.interop.sessions.softphones import Codec
from tools.interop.sessions.voices import likeness, read, voice, write

PCMU, PCMA = Codec("PCMU", "PCMU/8000/1", 8000), Codec("PCMA", "PCMA/8000/1", 8000)
PEER = Path(__file__).with_name("aiortc_voice.py")
OPUS = Codec("Opus", "opus/48000/2", 48000, 2)
GSM = Codec("GSM", "GSM/8000/1", 8000, 1, 0.95)
WEBRTC = OPUS._replace(rtpmap="opus/48000/2")
"""Signalled where no capture sees it."""

G726 = Codec("G.726-32", "G726-32/8000/1", 8000, rtpmap="AAL2-G726-32/8000")
"""Both phones send it in the order of AAL2, whatever RFC 3551 says, and SDP tells nobody."""

BARESIP = (
    (PCMU, ""), (PCMA, "srtp-mand"), (Codec("L16", "L16/16000/1", 16000), "srtp-mand"), (PCMU, "dtls_srtp"),
    (OPUS, "dtls_srtp"), (Codec("G.722", "G722/16000/1", 16000), "srtp-mand"),
    (G726, ""), (GSM, "srtp-mand"),
)
LINPHONE = ((PCMU, "srtp"), (PCMA, "none"), (Codec("G.722", "G722/8000/1", 16000), "srtp"),
            (G726, "none"),
            (OPUS._replace(channels=1), "srtp"),
            (GSM, "none"),
            (Codec("Speex", "speex/16000/1", 16000, 1, 0.9), "none"))


def run(folder: Path, python: str) -> list[Row]:
    """Let each program that is installed call, and hear what it said."""
    need()
    programs: dict[str, Callable[[Path, str], Iterator[Row]]] = {
        "baresip": _baresip, "linphonec": _linphone, "firefox-esr": _firefox,
    }
    rows: list[Row] = []
    for name, called in programs.items():
        if shutil.which(name) is None:
            print(f"media: not installed: {name}", file=sys.stderr)
            continue
        rows += called(folder, python)
    if subprocess.run([python, "-c", "import aiortc"], check=False, capture_output=True, timeout=60).returncode:
        print("media: not installed: aiortc (--python names a Python that has it)", file=sys.stderr)
    else:
        rows += _aiortc(folder, python)
    if not rows:
        raise Missing("none of the programs is installed")
    return rows


def _baresip(folder: Path, _: str) -> Iterator[Row]:
    for codec, protection in BARESIP:
        yield from _called("baresip", softphones.baresip, folder, codec, protection)


def _linphone(folder: Path, _: str) -> Iterator[Row]:
    for codec, protection in LINPHONE:
        yield from _called("linphonec", softphones.linphone, folder, codec, protection)


def _aiortc(folder: Path, python: str) -> Iterator[Row]:
    """Two ends of aiortc, each of which says the file; the callback of its OpenSSL writes the keys."""
    path, keys = folder / "aiortc.pcap", folder / "aiortc.keys"
    said = write(folder / "said-48000-1.wav", voice(OPUS.rate), OPUS.rate)
    with cable("m") as made, made.captured(path, end=made.far):
        talk(made, python, PEER, str(said), str(keys))
    yield from compared("aiortc: Opus, DTLS-SRTP", path, WEBRTC, True, keys)


def _firefox(folder: Path, _: str) -> Iterator[Row]:
    """A page that says the file to itself; SSLKEYLOGFILE has the keys."""
    path = folder / "firefox.pcap"
    said = write(folder / "said-48000-1.wav", voice(OPUS.rate), OPUS.rate)
    keys = browsers.firefox_says(folder, said, path)
    yield from compared("firefox: Opus, DTLS-SRTP", path, WEBRTC, True, keys, sides=1)


def _called(
    program: str, call: Callable[[Cable, Path, Codec, str, Path], Path | None], folder: Path, codec: Codec,
    protection: str,
) -> Iterator[Row]:
    """One call, and what was heard of both of its sides."""
    name = f"{program}: {codec.name}{f', {protection}' if protection else ''}"
    path = folder / f"{name.replace(': ', '-').replace(', ', '-')}.pcap"
    said = write(folder / f"said-{codec.rate}-{codec.channels}.wav", voice(codec.rate), codec.rate, codec.channels)
    with cable("m") as made, made.captured(path):
        keys = call(made, folder, codec, protection, said)
    yield from compared(name, path, codec, protection not in ("", "none"), keys)


def compared(name: str, path: Path, codec: Codec, encrypted: bool, keys: Path | None, sides: int = 2) -> Iterator[Row]:
    """How like what was said is what is in the WAV file of a capture, and whether every tag was verified."""
    out = path.with_suffix(".wav")
    words = [sys.executable, "-m", "dissectors", "media", "--force", str(path), str(out)]
    if codec.rtpmap:
        words += ["--rtpmap", f"{_payload_type(path)}={codec.rtpmap}"]
    done = subprocess.run([*words, *(("--keys", str(keys)) if keys else ())], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=120)
    if done.returncode:
        yield facts(name, "heard", done.stderr.strip()[-120:])
        return
    rate, channels = read(out)
    for side, heard in zip(("one side", "the other"), channels[:sides], strict=False):
        like = likeness(voice(rate), heard, rate)
        yield Row(f"{name}: {side}", f"{codec.least:.2f} or more", f"{like:.4f}", like >= codec.least)
    if encrypted:
        yield facts(f"{name}: tags", "all verified", "not all" if "fit no key" in done.stderr
                    or "verified and decrypted" not in done.stderr else "all verified")


def _payload_type(path: Path) -> int:
    """That of the first stream."""
    return int(report(path)["streams"][0]["payloads"][0]["payload_type"])
