"""Structured logs: one JSON object a line. They carry ids and counts; never source text, tokens or secrets."""

import json
import logging
import sys
from datetime import UTC, datetime

_PLAIN = ("uvicorn.access",)
_OWN_FORM = "dbos"  # gives itself a handler where it finds none, and hands nothing on


class JsonFormatter(logging.Formatter):
    """A record as JSON: time, level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str) -> None:
    """Sends every logger to standard error in this form. Request lines are left out: their addresses are the host's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger(_OWN_FORM).handlers = [handler]
    for name in _PLAIN:
        logging.getLogger(name).disabled = True
