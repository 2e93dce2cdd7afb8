"""Who made an archive: a signature beside it, ``<archive>.sig``, made and checked by OpenSSH (``ssh-keygen -Y``).

Checksums say that an archive is what somebody packed. A signature says who, to whoever knows the key: list keys that
you trust in a file of *allowed signers*, one ``name ssh-ed25519 AAAA...`` a line.
"""

import subprocess
from pathlib import Path

from learnability.results.errors import UserError

_NAMESPACE = "learnability-archive"


def beside(path: Path) -> Path:
    """Where the signature of an archive stands."""
    return path.with_name(f"{path.name}.sig")


def _ssh_keygen(*arguments: str, content: Path | None = None) -> subprocess.CompletedProcess[str]:
    try:
        if content is None:
            return subprocess.run(["ssh-keygen", "-Y", *arguments], text=True, capture_output=True, check=False)
        with content.open("rb") as stream:
            return subprocess.run(
                ["ssh-keygen", "-Y", *arguments], stdin=stream, text=True, capture_output=True, check=False
            )
    except FileNotFoundError:
        raise UserError("ssh-keygen", "is not installed", remedy="install OpenSSH 8.2 or newer") from None


def sign(path: Path, key: Path) -> Path:
    """Sign an archive with a private key (or with the agent's, by its public file); the path of the signature.

    Raises UserError where ssh-keygen is not installed or does not sign.
    """
    beside(path).unlink(missing_ok=True)
    done = _ssh_keygen("sign", "-f", str(key), "-n", _NAMESPACE, str(path))
    if done.returncode or not beside(path).is_file():
        words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        remedy = "name a private key, such as ~/.ssh/id_ed25519: SIGN=file"
        raise UserError(str(key), f"ssh-keygen did not sign: {words[:200]}", remedy=remedy)
    return beside(path)


def check(path: Path, signers: Path | None = None) -> tuple[bool, str]:
    """Whether the signature of an archive is good (or there is none and none is asked for), and what to say of it.

    Raises UserError where there is no file of signers, and where ssh-keygen is not installed.
    """
    signature = beside(path)
    if not signature.is_file():
        if signers is None:
            return True, "not signed: nothing tells who made it"
        return False, f"NOT SIGNED: there is no {signature}"
    if signers is None:
        done = _ssh_keygen("check-novalidate", "-n", _NAMESPACE, "-s", str(signature), content=path)
        if done.returncode:
            return False, f"BAD SIGNATURE in {signature}"
        key = done.stdout.strip().rpartition(" with ")[2][:200]
        return True, f"signed with {key}; SIGNERS=file (keys that you trust) says whose that is"
    if not signers.is_file():
        raise UserError(
            str(signers), "there is no such file", "lines such as: name ssh-ed25519 AAAA...", "name another"
        )
    found = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(signers), content=path)
    names = found.stdout.split()
    if found.returncode or not names:
        return False, f"SIGNED BY NOBODY that {signers} lists"
    done = _ssh_keygen(
        "verify", "-f", str(signers), "-I", names[0], "-n", _NAMESPACE, "-s", str(signature), content=path
    )
    if done.returncode:
        return False, f"BAD SIGNATURE in {signature}"
    return True, f"signed by {names[0][:100]}"
