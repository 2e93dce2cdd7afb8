"""Where the CPU time of one job goes: from the interpreter's start to the last byte written.

The parts follow one another, except compilation, which is taken out of the part in which it happens. Time of child
processes counts. A job ends its log with :meth:`Stopwatch.line`; :mod:`learnability.pipeline.spent` reads it.
"""

import re
import resource
import sys

PARTS = ("starting", "imports", "compilation", "reading", "computing", "writing")
"""starting: interpreter, arguments and log; imports: the libraries and modules of the stage, up to its first work."""

_LINE = re.compile(r"CPU by part: " + ", ".join(rf"{part} ([\d.]+) s" for part in PARTS))


def cpu_seconds() -> float:
    """CPU time of this process and of the children that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


class Stopwatch:
    """CPU seconds by part; a part lasts until the next one begins."""

    def __init__(self) -> None:
        self._spent = dict.fromkeys(PARTS, 0.0)
        self._part, self._since = PARTS[0], 0.0  # the process began at zero

    def begin(self, part: str) -> None:
        """The CPU time so far belongs to the parts before; what follows is ``part``."""
        now = cpu_seconds()
        self._spent[self._part] += now - self._since
        self._part, self._since = part, now

    def spent(self) -> dict[str, float]:
        """CPU seconds by part so far."""
        self.begin(self._part)
        return dict(self._spent)

    def line(self) -> str:
        """The parts as one line of a log."""
        return "CPU by part: " + ", ".join(f"{part} {seconds:.2f} s" for part, seconds in self.spent().items())

    def listen_to_compiler(self) -> None:
        """Count the compilation of loops apart from now on, where this process has the compiler."""
        if "numba" not in sys.modules:
            return
        from numba.core import event

        watch = self

        class Compiler(event.Listener):
            """Functions that call one another are compiled one within the other."""

            depth = 0
            since = 0.0

            def on_start(self, event: object) -> None:
                self.since = self.since if self.depth else cpu_seconds()
                self.depth += 1

            def on_end(self, event: object) -> None:
                self.depth -= 1
                if not self.depth:
                    watch.take_out("compilation", cpu_seconds() - self.since)

        event.register("numba:compile", Compiler())

    def take_out(self, part: str, seconds: float) -> None:
        """Seconds just spent belong to ``part``, and not to the one that is going on."""
        self._spent[part] += seconds
        self._since += seconds


def parts_in(text: str) -> dict[str, float] | None:
    """CPU seconds by part in the last run that a log tells of."""
    found = _LINE.findall(text)
    return dict(zip(PARTS, map(float, found[-1]), strict=True)) if found else None
