"""The decoders of the signaling core against noise and tampering: what `tests/unit` does in passing, for longer.

100 inputs for each decoder; with WHERRY_FULL=1 in the environment 20,000, which takes some minutes.
"""

from __future__ import annotations

import os

import pytest
from decoders import DECODERS, Decoder
from hypothesis import HealthCheck, given, settings, strategies as st

EXAMPLES = 20_000 if os.environ.get("WHERRY_FULL") else 100


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_a_value_or_a_typed_error(decoder: Decoder, data: st.DataObject) -> None:
    # Invariant: any input gives a value, or one of the decoder's typed errors in one line; nothing else.
    decoder.takes_or_refuses(data.draw(decoder.inputs))
