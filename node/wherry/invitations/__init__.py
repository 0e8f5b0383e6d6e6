"""Invitations: a request and its reply, with data and a status, under a name; they need no connection."""

from .invitations import Handler as Handler, Invitation as Invitation, Invitations as Invitations
from .replies import Reply as Reply, Status as Status
