"""Fetches the schemas by which GitLab checks the two reports that it reads; `.ci/run test` runs it.

No package has them, so they come from where GitLab publishes its source. They are other people's work: never committed.
"""

import hashlib
import json
import sys
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

_SOURCE = "https://raw.githubusercontent.com/gitlabhq/gitlabhq"
_SCHEMAS = {
    "sast-report-format.json": (
        "5f89187f0433fc84d8387de25220185235d61ed1/lib/gitlab/ci/parsers/security/validators/schemas/15.0.7",
        "40c694eafe354346a58119f024ba2354ab2b955b3dd8b45f19f5ce2b744ca4f3",
    ),
    "codeclimate.json": (
        "33827e3a534757eead42e6c17460564c49ff1c3a/app/validators/json_schemas",
        "9740e391f2514e0aa6c2ebd188a3a0de3590286480003ca022afa3182c79d851",
    ),
}
_TIMEOUT_S = 10


def main(home: Path) -> None:
    """Writes those that are not there yet; says so and leaves it at that where the source cannot be reached."""
    home.mkdir(parents=True, exist_ok=True)
    for name, (folder, expected) in _SCHEMAS.items():
        file, address = home / name, f"{_SOURCE}/{folder}/{name}"
        try:
            content = file.read_bytes() if file.exists() else fetch(address)
        except OSError as error:
            sys.stderr.write(f"{address}: {error}; the reports for GitLab are not checked by its schemas\n")
            return
        found = digest(content)
        if found != expected:
            raise SystemExit(f"{file}: expected the content {expected}, found {found}")
        file.write_bytes(content)


def fetch(address: str) -> bytes:
    """What lies there; raises OSError when it cannot be had."""
    with urlopen(address, timeout=_TIMEOUT_S) as answer:
        content: bytes = answer.read()
    return content


def digest(content: bytes) -> str:
    """The identity of a JSON document, whatever its white space and the order of its keys; else of the bytes."""
    with suppress(ValueError):
        content = json.dumps(json.loads(content), sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
