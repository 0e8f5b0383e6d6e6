"""Every decoder of the signaling core against noise and tampering; `tests/fuzz` does the same for longer."""

from __future__ import annotations

import pytest
from decoders import DECODERS, Decoder
from hypothesis import HealthCheck, given, settings, strategies as st


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_a_value_or_a_typed_error(decoder: Decoder, data: st.DataObject) -> None:
    # Invariant: any input gives a value, or one of the decoder's typed errors in one line; nothing else.
    decoder.takes_or_refuses(data.draw(decoder.inputs))
