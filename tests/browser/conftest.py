"""What the browser tests share: Chromium, and a page that records every request and every complaint of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from docs.pictures.pages import CHROMIUM, browser

WITHOUT_REQUEST = {"data", "blob"}
"""Schemes of addresses that hold their content in themselves: nothing is asked of anybody."""


@dataclass
class Recorded:
    """What a page asked for and what it complained of, from its first request on."""

    page: Page
    addresses: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def asked(self) -> set[tuple[str, str]]:
        """Scheme and host of everything that was asked for, also over web sockets."""
        found = {(urlsplit(address).scheme, urlsplit(address).hostname or "") for address in self.addresses}
        return {(scheme, host) for scheme, host in found if scheme not in WITHOUT_REQUEST}


def record(page: Page) -> Recorded:
    """Record from now on; requests of the browser itself are kept out by its flags, not by this."""
    recorded = Recorded(page)
    page.context.on("request", lambda request: recorded.addresses.append(request.url))
    page.on("websocket", lambda socket: recorded.addresses.append(socket.url))
    page.on("pageerror", lambda error: recorded.errors.append(str(error)))
    page.on("console", lambda message: recorded.errors.append(message.text) if message.type == "error" else None)
    return recorded


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module's tests."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: tests/browser/install.sh installs it where it can")
    with browser() as opened:
        yield opened
