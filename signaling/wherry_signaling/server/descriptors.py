"""How many files and sockets this process may have open."""

from __future__ import annotations

import logging
import resource

from ..limits import DESCRIPTORS_WANTED

_log = logging.getLogger(__name__)


def descriptor_limit() -> int:
    """The soft limit on open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return DESCRIPTORS_WANTED if soft == resource.RLIM_INFINITY else soft


def raise_descriptor_limit() -> int:
    """Ask for as many as an introducer can use; returns what was granted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            _log.info("no more than %d files may be open: %s", soft, error)
    return descriptor_limit()
