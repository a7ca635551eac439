"""pip's wheel from the package index, for a Python that comes without pip.

Follows pip's own settings (environment variables, then its configuration files) for the index, certificates and proxy,
and the Simple API (PEP 503) for the rest. A wheel whose hash the index does not give is not used.
"""
from __future__ import annotations

import base64
import configparser
import hashlib
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

PYPI = "https://pypi.org/simple"
WHEEL = re.compile(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl")
HASHES = ("sha256", "sha384", "sha512")
TRIES = 3


class Unavailable(Exception):
    """pip cannot be had; one line for people."""


class Wheel(NamedTuple):
    """One wheel of an index's page, newest last in order."""

    version: tuple[int, ...]
    url: str
    algorithm: str
    digest: str


def fetch_pip(folder: Path) -> Path:
    """Save the newest pip wheel that this Python can use to `folder`; raises Unavailable."""
    settings = pip_settings()
    opener = connection(settings)
    indexes = [settings.get("index-url", PYPI), *settings.get("extra-index-url", "").split()]
    wheels: list[Wheel] = []
    reasons: list[str] = []
    for index in indexes:
        page = index.rstrip("/") + "/pip/"
        try:
            wheels += read_page(page, download(opener, page).decode("utf-8", "replace"))
        except (OSError, ValueError) as error:
            reasons.append(f"{without_password(page)}: {error}")
    if not wheels:
        raise Unavailable("pip cannot be fetched: " + ("; ".join(reasons) or "the package index offers no wheel of it"))
    best = max(wheels)
    try:
        octets = download(opener, best.url)
    except (OSError, ValueError) as error:
        raise Unavailable(f"pip cannot be fetched: {without_password(best.url)}: {error}") from None
    if hashlib.new(best.algorithm, octets).hexdigest() != best.digest:
        raise Unavailable(f"pip cannot be used: {without_password(best.url)} is not what the index promises")
    path = folder / urllib.parse.unquote(best.url.rpartition("/")[2])
    path.write_bytes(octets)
    return path


def pip_settings() -> dict[str, str]:
    """pip's settings by option name: [global], then [install], of each configuration file, then PIP_… variables."""
    settings: dict[str, str] = {}
    for path in configuration_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, ValueError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update((key.replace("_", "-"), value) for key, value in parser.items(section))
    names = (name for name in os.environ if name.startswith("PIP_"))
    settings.update((name[4:].lower().replace("_", "-"), os.environ[name]) for name in names)
    return {key: value for key, value in settings.items() if value}


def configuration_files() -> list[Path]:
    """Where pip looks for its configuration, the weakest first."""
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    folders = os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)
    system = [*(Path(folder) / "pip/pip.conf" for folder in folders), Path("/etc/pip.conf")]
    if chosen and Path(chosen).exists():
        return [*system, Path(chosen)]
    home = Path.home()
    user = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return [*system, home / ".pip/pip.conf", user / "pip/pip.conf"]


def connection(settings: dict[str, str]) -> urllib.request.OpenerDirector:
    """Something that opens URLs with the certificates and the proxy of pip's settings."""
    try:
        context = ssl.create_default_context(cafile=settings.get("cert"))
    except OSError as error:
        raise Unavailable(f"pip cannot be fetched: certificates {settings.get('cert')}: {error}") from None
    proxy = settings.get("proxy")
    return urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context),
        urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else None),
    )


def download(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    """The octets behind an http, https or file URL; raises OSError or ValueError."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https", "file"):
        raise ValueError(f"{parts.scheme or 'no'} scheme cannot be used")
    page_of_a_folder = "index.html" if parts.scheme == "file" and url.endswith("/") else ""
    request = urllib.request.Request(without_password(url) + page_of_a_folder)
    request.add_header("Accept", "text/html, application/octet-stream")
    if parts.username:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode("ascii"))
    for attempt in range(TRIES):
        try:
            with opener.open(request, timeout=60) as answer:
                octets = answer.read()
                return bytes(octets)
        except urllib.error.HTTPError:
            raise
        except OSError:
            if attempt + 1 == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


def without_password(url: str) -> str:
    """The URL without user name and password."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Links(HTMLParser):
    """The attributes of every link of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


def read_page(page: str, text: str) -> list[Wheel]:
    """The wheels of a Simple API page that are not yanked, have a hash and accept this Python."""
    links = Links()
    links.feed(text)
    wheels = []
    for link in links.found:
        url, _, fragment = urllib.parse.urljoin(page, link.get("href") or "").partition("#")
        name = WHEEL.fullmatch(urllib.parse.unquote(url.rpartition("/")[2]))
        algorithm, _, digest = fragment.partition("=")
        if name and algorithm in HASHES and "data-yanked" not in link and accepts(link.get("data-requires-python")):
            wheels.append(Wheel(tuple(map(int, name[1].split("."))), url, algorithm, digest))
    return wheels


def accepts(requires: str | None) -> bool:
    """Whether this Python is not older than Requires-Python says."""
    lowest = re.search(r">=\s*(\d+)\.(\d+)", requires or "")
    return lowest is None or sys.version_info >= (int(lowest[1]), int(lowest[2]))
