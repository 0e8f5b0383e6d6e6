"""The guard in front of the API on TCP: which requests are looked at, by their headers alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from wherry.api.guard import Asked, headers_for, hosts_of, refusal
from wherry.errors import ForeignPage, WrongHost
from wherry_signaling.errors import WherryError

HOSTS = hosts_of(4771)
PROGRAM = Asked(method="POST", path="/api/v1/connect", host=("127.0.0.1:4771",))
OWN_PAGE = replace(PROGRAM, origin=("http://127.0.0.1:4771",), site=("same-origin",), mode=("cors",))
TYPED = Asked(
    method="GET", path="/", host=("127.0.0.1:4771",), site=("none",), mode=("navigate",), destination=("document",)
)


@pytest.mark.parametrize("asked", [PROGRAM, OWN_PAGE, TYPED])
@pytest.mark.parametrize("host", sorted(HOSTS))
def test_its_own_page_a_program_and_a_person_are_let_in(asked: Asked, host: str) -> None:
    origin = (f"http://{host}",) if asked.origin else ()
    assert refusal(replace(asked, host=(host,), origin=origin), HOSTS) is None


@pytest.mark.parametrize(
    "host",
    [
        (),
        ("",),
        ("evil.example:4771",),  # a name of somebody's that leads here: rebinding
        ("127.0.0.1.evil.example:4771",),
        ("127.0.0.1:4770",),
        ("127.0.0.1",),
        ("127.0.0.2:4771",),
        ("0.0.0.0:4771",),
        ("localhost.:4771",),
        ("127.0.0.1:4771", "127.0.0.1:4771"),
        ("127.0.0.1:4771,evil.example",),
    ],
)
@pytest.mark.parametrize("asked", [PROGRAM, OWN_PAGE, TYPED])
def test_another_name_is_refused(asked: Asked, host: tuple[str, ...]) -> None:
    assert isinstance(refusal(replace(asked, host=host), HOSTS), WrongHost)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "http://127.0.0.1:4770",  # the endpoint's page, and every forwarded port: same site, another page
        "http://localhost:4771",  # ours by another name, and not the one that was asked
        "https://127.0.0.1:4771",
        "http://127.0.0.1:4771.evil.example",
        "",
    ],
)
def test_another_origin_is_refused(origin: str) -> None:
    assert isinstance(refusal(replace(OWN_PAGE, origin=(origin,)), HOSTS), ForeignPage)
    assert isinstance(refusal(replace(PROGRAM, origin=(origin,)), HOSTS), ForeignPage)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "Same-Origin", "same-origin, same-origin", ""])
def test_another_site_or_port_is_refused(site: str) -> None:
    assert isinstance(refusal(replace(OWN_PAGE, site=(site,)), HOSTS), ForeignPage)


@pytest.mark.parametrize(
    "changed",
    [
        {"site": ("cross-site",)},
        {"site": ("same-site",)},
        {"site": ("none", "same-origin")},
        {"method": "POST"},
        {"mode": ("cors",)},
        {"mode": ("no-cors",)},
        {"destination": ("iframe",)},
        {"destination": ("script",)},
        {"path": "/api/v1/status"},
        {"path": "/api/openapi.json"},
    ],
)
def test_a_person_opens_the_page_or_a_download_and_nothing_else(changed: dict[str, object]) -> None:
    assert refusal(replace(TYPED, path="/api/v1/tickets/x"), HOSTS) is None
    assert isinstance(refusal(replace(TYPED, **changed), HOSTS), ForeignPage)  # type: ignore[arg-type]


WORDS = st.lists(st.text(max_size=30) | st.sampled_from(["same-origin", "none", "http://127.0.0.1:4771"]), max_size=3)


@given(host=WORDS, origin=WORDS, site=WORDS, mode=WORDS, destination=WORDS, path=st.text(max_size=30))
def test_whatever_is_let_in_has_our_name_and_no_foreign_page(
    host: list[str], origin: list[str], site: list[str], mode: list[str], destination: list[str], path: str
) -> None:
    # Invariant: what passes has exactly one Host, of ours; no Origin but that one; no Sec-Fetch-Site of another page.
    asked = Asked(method="GET", path=path, host=host, origin=origin, site=site, mode=mode, destination=destination)
    verdict = refusal(asked, HOSTS)
    assert verdict is None or isinstance(verdict, WherryError)
    if verdict is None:
        assert len(host) == 1
        assert host[0].lower() in HOSTS
        assert origin in ([], [f"http://{host[0].lower()}"])
        assert site in ([], ["same-origin"], ["none"])


def test_port_80_goes_without_saying() -> None:
    assert "127.0.0.1" in hosts_of(80)
    assert "127.0.0.1" not in HOSTS


def test_what_every_answer_says() -> None:
    for path in ("/", "/api/v1/status"):
        headers = headers_for(path, "127.0.0.1:4771", HOSTS)
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert not any(name.startswith("Access-Control") for name in headers)
    page = headers_for("/", "127.0.0.1:4771", HOSTS)["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in page
    assert "connect-src 'self' ws://127.0.0.1:4771" in page
    assert "unsafe" not in page
    assert "evil" not in headers_for("/", "evil.example", HOSTS)["Content-Security-Policy"]
