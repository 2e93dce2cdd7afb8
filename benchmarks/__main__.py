"""``python -m benchmarks [--quick] [name ...]``: each benchmark in a process of its own."""

import argparse
import subprocess
import sys
from pathlib import Path

SHARED = {"__init__", "__main__", "compare", "gpu_check"}
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SHARED)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"default: all of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: does every peer run?")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    more = ["--quick"] if arguments.quick else []
    codes = [subprocess.call([sys.executable, "-m", f"benchmarks.{n}", *more]) for n in arguments.names or NAMES]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())
