"""A server that speaks S3, on the loopback device, for as long as a test runs."""

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager

NEEDED = ("s3fs", "aiohttp", "moto", "flask", "flask_cors", "snakemake_storage_plugin_s3")


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The environment with which clients find the server; its account is invented, and its data is gone at the end."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "a-test",
            "AWS_SECRET_ACCESS_KEY": "a-test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stop()
