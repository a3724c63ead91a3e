"""The server's log: faults of the program, not those of whoever sends a request."""

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_FAULTS_OF_OTHERS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)

LOG = logging.getLogger(__package__)
"""Requests that are none, and bodies that end early, are answered and not logged: anyone could
fill the log with them."""


def _is_own_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, _FAULTS_OF_OTHERS)


LOG.addFilter(_is_own_fault)
