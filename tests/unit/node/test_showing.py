"""What `status` says of the clock."""

from __future__ import annotations

import pytest

from wherry.showing import clock_wrong
from wherry_signaling.client.network_time import NetworkTime
from wherry_signaling.identity import Identity

INTRODUCERS = [Identity(bytes([number] * 32)).id for number in range(1, 4)]


@pytest.mark.parametrize(
    ("leads", "said"),
    [
        ([], None),
        ([100], None),
        ([3 * 86_400, 0], None),
        ([-3000], "50 min fast"),
        ([3 * 86_400], "3 days slow"),
        ([-3 * 86_400, -3 * 86_400, 0], "3 days fast"),
        ([7200, 7200, 7200], "2 hours slow"),
    ],
)
def test_a_wrong_clock_is_said_plainly(leads: list[float], said: str | None) -> None:
    clock = NetworkTime()
    for peer, lead in zip(INTRODUCERS, leads, strict=False):
        clock.tell(peer, lead)
    found = clock_wrong(clock)
    assert (found is None) == (said is None)
    if found is not None and said is not None:
        assert said in str(found)
        corrected = abs(leads[0]) < 3600 or said.startswith("2 hours")
        assert ("do not take each other's records" in found.hint) != corrected
