"""What happens to friends and messages, as events for whoever follows (events.py): names and shapes of `--json`."""

from __future__ import annotations

from .events import Events
from .friends.events import AddressesChanged, FriendChanged, FriendEvent, PresenceChanged, ProfileChanged
from .messages.events import ChatRead, MessageAdded, MessageChanged, MessageEvent, TypingChanged


def tell(events: Events, event: FriendEvent | MessageEvent) -> None:
    """Tell everybody who follows. What is not in the event is asked for: it is kept already."""
    match event:
        case FriendChanged():
            data = {"peer": str(event.peer), "state": event.state.value, "before": event.before.value}
            events.emit("friend", {**data, "by_them": event.by_them})
        case ProfileChanged():
            events.emit("profile", {"peer": str(event.peer)})
        case PresenceChanged():
            events.emit("presence", {"peer": str(event.peer), "presence": event.presence.name.lower()})
        case AddressesChanged():
            events.emit("addresses", {})
        case MessageAdded() | MessageChanged():
            kind = "message" if isinstance(event, MessageAdded) else "message_changed"
            events.emit(kind, {"peer": str(event.peer), "id": event.id.hex(), "ours": event.ours})
        case ChatRead():
            events.emit("read", {"peer": str(event.peer)})
        case TypingChanged():
            events.emit("typing", {"peer": str(event.peer), "typing": event.typing})
