"""Sessions: several streams of either kind, requested, answered, started and closed as one."""

from .session import Session as Session
from .sessions import Handler as Handler, SessionRequest as SessionRequest, Sessions as Sessions
from .wire import StreamSpec as StreamSpec
