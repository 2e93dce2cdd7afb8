"""Validates an archive against the Workflow Run Crate profile with roc-validator, without a network.

Runs in an environment of its own (``.venv-validator``), and therefore imports nothing of this project. The validator
asks the network for the contexts of the metadata; they are answered from the repository instead.

``python profile.py ARCHIVE CONTEXT``: one issue a line; exit status 0 when valid, 1 when not.
"""

import json
import sys
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


def answer_from(known: dict[str, bytes]) -> None:
    """Let the validator find these addresses without a network, and no others."""
    import requests
    from rocrate_validator.utils.http import HttpRequester

    def get(url: str, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.url = url
        response.status_code = 200 if url in known else 404
        response._content = known.get(url, b"")
        response.headers["Content-Type"] = "application/ld+json"
        return response

    original = HttpRequester.__getattr__

    def attribute(self: Any, name: str) -> Any:
        return get if name == "get" else original(self, name)

    HttpRequester.__getattr__ = attribute


def main(archive: str, context: str) -> int:
    """Validate at the level REQUIRED."""
    from rocrate_validator import models, services

    answer_from(contexts(Path(context)))
    settings = services.ValidationSettings(
        rocrate_uri=archive,
        profile_identifier="workflow-run-crate",
        requirement_severity=models.Severity.REQUIRED,
        offline=True,
    )
    result = services.validate(settings)
    for issue in result.get_issues():
        print(f"{issue.check.identifier}: {issue.message}")
    return 1 if result.has_issues() else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
