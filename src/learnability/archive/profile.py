"""Validates an archive against the Workflow Run Crate profile with roc-validator, without a network.

Runs in an environment of its own (``.venv-validator``), and therefore imports nothing of this project. Offline, the
validator answers requests from a cache of its own; the contexts that metadata name are laid into a cache made for the
occasion, from the repository's copies. Every other address is a miss.

``python profile.py ARCHIVE CONTEXT``: one issue a line; exit status 0 when valid, 1 when not.
"""

import json
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

_RO_CRATE = "https://w3id.org/ro/crate/1.1/context"
_WORKFLOW_RUN = "https://w3id.org/ro/terms/workflow-run/context"
_TERMS = (
    "ParameterConnection ContainerImage DockerImage SIFImage connection sourceParameter targetParameter "
    "md5 sha1 sha256 sha512 environment registry tag containerImage resourceUsage"
)


def contexts(ro_crate: Path) -> dict[str, bytes]:
    """The contexts by their addresses."""
    terms = {term: f"https://w3id.org/ro/terms/workflow-run#{term}" for term in _TERMS.split()}
    return {_RO_CRATE: ro_crate.read_bytes(), _WORKFLOW_RUN: json.dumps({"@context": terms}).encode()}


def fill(cache: Path, known: dict[str, bytes]) -> None:
    """A cache of requests, as the validator reads it, that answers these addresses and no others."""
    import requests
    from requests.adapters import BaseAdapter
    from requests_cache import NEVER_EXPIRE, CachedSession
    from urllib3 import HTTPResponse

    class Repository(BaseAdapter):
        """Answers from the repository's copies in place of the network."""

        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            response = requests.Response()
            response.url, response.status_code, response.request = str(request.url), 200, request
            response.headers["Content-Type"] = "application/ld+json"
            response.raw = HTTPResponse(
                BytesIO(known[str(request.url)]), response.headers, 200, preload_content=False, request_url=request.url
            )
            return response

        def close(self) -> None:
            """There is no connection to close."""

    with CachedSession(cache_name=str(cache), backend="sqlite", expire_after=NEVER_EXPIRE) as session:
        session.mount("https://", Repository())
        for address in known:
            session.get(address)


def main(archive: str, context: str) -> int:
    """Validate at the level REQUIRED."""
    from rocrate_validator import models, services

    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "contexts"
        fill(cache, contexts(Path(context)))
        settings = services.ValidationSettings(
            rocrate_uri=archive,
            profile_identifier="workflow-run-crate",
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
            cache_path=cache,
        )
        result = services.validate(settings)
    for issue in result.get_issues():
        print(f"{issue.check.identifier}: {issue.message}")
    return 1 if result.has_issues() else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
