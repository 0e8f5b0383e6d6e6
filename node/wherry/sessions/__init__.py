"""Sessions: several streams of either kind, requested, answered, started and closed as one."""

from .request import Handler as Handler, SessionRequest as SessionRequest
from .session import Session as Session
from .sessions import Sessions as Sessions
from .wire import StreamSpec as StreamSpec
