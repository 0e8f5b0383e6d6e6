"""Configuration: which source wins, where a value is from, and how a refusal names what is wrong."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wherry.config import Config, Listen, home_of, load_config
from wherry.errors import ConfigInvalid
from wherry.settings import SETTINGS, Shape
from wherry_signaling.address import InviteLink
from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.identity import Identity

PEER = str(Identity(bytes(32)).id)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The user's configuration folder, and a home."""
    for name in ("user", "home"):
        (tmp_path / name).mkdir()
    return tmp_path / "user", tmp_path / "home"


def load(folders: tuple[Path, Path], flags: dict[str, object] | None = None, **environment: str) -> Config:
    return load_config(folders[1], flags, environment, folder=folders[0])


def test_nothing_set_is_all_defaults(folders: tuple[Path, Path]) -> None:
    assert load(folders) == Config()
    assert load(folders).origin("mdns") == "default"


def test_the_nearer_source_wins_and_says_so(folders: tuple[Path, Path]) -> None:
    user, home = folders[0] / "config.toml", folders[1] / "config.toml"
    user.write_text('name = "From user"\nlog.level = "info"\nintroducers = 1')
    home.write_text('name = "From home"\nintroducers = 2\n')
    config = load(folders, {"name": "From flag"}, WHERRY_INTRODUCERS="3", WHERRY_NAME="From environment")
    assert (config.name, config.introducers, config.log_level) == ("From flag", 3, "info")
    assert config.origin("name") == "flag --name"
    assert config.origin("introducers") == "environment WHERRY_INTRODUCERS"
    assert config.origin("log_level") == str(user)
    assert load(folders).origin("name") == str(home)


def test_every_setting_from_a_file(folders: tuple[Path, Path]) -> None:
    link = "wherry:" + "3kT"
    (folders[1] / "config.toml").write_text(f"""
        name = "  Quiet   Heron "
        listen = "[::1]:0"
        announce = ["/dns4/example.org/tcp/443/tls/ws", "203.0.113.7:4770"]
        bootstrap = ["203.0.113.7:4770", "/ip4/203.0.113.7/udp/4770"]
        mdns = false
        introducers = 2
        friends = ["{PEER}"]
        trust_forwarded_for = ["10.0.0.0/8"]
        engine = "aiortc"
        api = 5000
        dashboard = false
        messages = "anyone"
        [allow]
        "/chat/1" = "anyone"
        "1000" = ["{PEER}"]
        [dht]
        proof_of_work_bits = 8
        [log]
        level = "debug"
        format = "json"
    """)
    config = load(folders)
    assert config.name == "Quiet Heron"
    assert config.listen == Listen("::1", 0)
    assert str(config.listen) == "[::1]:0"
    assert config.announce == ("/dns/example.org/tcp/443/tls/ws", "/ip4/203.0.113.7/tcp/4770/ws")
    assert config.bootstrap == (EndpointAddress("203.0.113.7", 4770), UdpAddress("203.0.113.7", 4770))
    assert config.policy("/chat/1") == "anyone"
    assert config.policy("1000") == frozenset({PEER})
    assert config.policy("/other/1") is None
    assert not config.mdns
    assert (config.api, config.dashboard) == (5000, False)
    assert config.dht_proof_of_work_bits == 8
    assert (config.log_level, config.log_format) == ("debug", "json")
    assert set(config.origins) == {setting.field for setting in SETTINGS}
    with pytest.raises(ConfigInvalid, match="the last characters are missing"):
        load(folders, {"bootstrap": (link,)})


def test_lists_in_the_environment_and_from_flags(folders: tuple[Path, Path]) -> None:
    config = load(folders, WHERRY_BOOTSTRAP="a.example:1, b.example:2", WHERRY_ALLOW=f"/chat/1=anyone;7={PEER}")
    assert [str(entry) for entry in config.bootstrap] == ["/dns/a.example/tcp/1/ws", "/dns/b.example/tcp/2/ws"]
    assert config.allow == {"/chat/1": "anyone", "7": frozenset({PEER})}
    config = load(folders, {"bootstrap": ("a.example:1", "b.example:2"), "announce": ()})
    assert len(config.bootstrap) == 2


def test_a_link_is_a_bootstrap_entry(folders: tuple[Path, Path]) -> None:
    from wherry_signaling.address import Address

    address = Address(Identity(bytes(32)).id, bytes(8))
    [entry] = load(folders, {"bootstrap": (f"http://127.0.0.1:4770/#/add/{address}",)}).bootstrap
    assert isinstance(entry, InviteLink)
    assert entry.vias == (EndpointAddress("127.0.0.1", 4770),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nmae = 'x'", ["nmae", "no setting", "Did you mean name?"]),
        ("colour = 'x'", ["colour", "no setting", "There are allow, announce"]),
        ("[log]\nlevle = 'x'", ["log.levle", "Did you mean log.level?"]),
        ("listen = 4770", ["listen = 4770", "is no text", "IP:PORT"]),
        ("listen = '::1:4770'", ["listen", "brackets"]),
        ("listen = 'localhost:4770'", ["does not begin with an IP address"]),
        ("listen = '127.0.0.1:70000'", ["out of range"]),
        ("mdns = 'perhaps'", ["mdns = 'perhaps'", "neither true nor false"]),
        ("introducers = 9", ["introducers = 9", "out of range", "1 to 3"]),
        ("introducers = true", ["is no whole number"]),
        ("name = ''", ["is empty"]),
        ("friends = ['bob']", ["'bob' is no peer id"]),
        ("allow = {chat = 'anyone'}", ["'chat'", "neither a stream's name nor an opcode"]),
        ("allow = {'/chat/1' = 7}", ["is no policy"]),
        ("trust_forwarded_for = ['10.0.0.1/8']", ["has host bits set"]),
        ("bootstrap = ['nowhere']", []),
        ("bootstrap = ['no where:x']", ["is no host:port"]),
        ("log.level = 'loud'", ["is none of these", "debug, info, warning or error"]),
        ("this is no toml", ["is no TOML", "line 1"]),
        ("name = " + "[" * 5000 + "]" * 5000, ["nested too deeply"]),
    ],
)
def test_a_refusal_names_the_setting_the_file_and_what_is_allowed(
    folders: tuple[Path, Path], text: str, words: list[str]
) -> None:
    file = folders[1] / "config.toml"
    file.write_text(text)
    if not words:
        load(folders)
        return
    with pytest.raises(ConfigInvalid) as caught:
        load(folders)
    for word in [str(file), *words]:
        assert word in str(caught.value)
    assert file.read_text() == text


def test_a_slip_in_the_environment_is_refused_and_strangers_there_are_not(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigInvalid, match=r"WHERRY_LISTN .*Did you mean WHERRY_LISTEN\?"):
        load(folders, WHERRY_LISTN="127.0.0.1:1")
    load(folders, WHERRY_HOME="/x", WHERRY_CHROMIUM="/y", WHERRY_NAME="", PATH="/bin")


def test_a_file_that_is_not_text_is_refused(folders: tuple[Path, Path]) -> None:
    (folders[0] / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigInvalid, match="is no TOML"):
        load(folders)


def test_the_home_is_the_flags_or_the_environments() -> None:
    assert home_of("/a", {"WHERRY_HOME": "/b"}) == Path("/a")
    assert home_of(None, {"WHERRY_HOME": "/b"}) == Path("/b")
    assert home_of(None, {}).name == "wherry"
    assert home_of("relative", {}).is_absolute()


tomlish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(SETTINGS), tomlish)
def test_any_value_is_read_or_misshapen(setting: object, raw: object) -> None:
    # A reader returns a value or raises Shape, whatever TOML or the environment holds.
    with contextlib.suppress(Shape):
        setting.read(raw)  # type: ignore[attr-defined]
