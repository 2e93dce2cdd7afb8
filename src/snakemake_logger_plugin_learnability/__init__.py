"""Tells ``make figures`` what the workflow engine plans, starts and finishes; see :mod:`learnability.pipeline.events`.

Snakemake finds the plugin by the name of this package: ``snakemake --logger learnability``.
"""

from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from learnability.pipeline import lifeline
from learnability.pipeline.events import tell

_WARNING = 30


class LogHandler(LogHandlerBase):
    """Passes on what concerns jobs; everything else stays in the engine's own log."""

    def __post_init__(self) -> None:
        """End with whoever started the run."""
        lifeline.watch_with_jobs()

    @property
    def writes_to_stream(self) -> bool:
        """Takes the place of the engine's output in the terminal."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """The file of events is not a log of the engine's."""
        return False

    @property
    def has_filter(self) -> bool:
        """Nothing is filtered by the options ``--quiet``."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Events are not formatted."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """The graph of rules is not used."""
        return False

    def emit(self, record: LogRecord) -> None:
        """Pass on one record. Fields are read leniently: another release of the engine may leave one out."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            stats = getattr(record, "stats", {})
            tell("plan", counts={name: count for name, count in stats.items() if name != "total"})
        elif event == LogEvent.JOB_INFO:
            tell(
                "info",
                id=record.jobid,  # type: ignore[attr-defined]
                rule=getattr(record, "rule_name", ""),
                wildcards=dict(getattr(record, "wildcards", None) or {}),
                output=[str(path) for path in getattr(record, "output", None) or ()],
                log=[str(path) for path in getattr(record, "log", None) or ()],
            )
        elif event == LogEvent.JOB_STARTED:
            tell("started", ids=list(getattr(record, "jobs", None) or ()))
        elif event == LogEvent.JOB_FINISHED:
            tell("finished", id=getattr(record, "job_id", None))
        elif event == LogEvent.JOB_ERROR:
            tell(
                "error",
                id=getattr(record, "jobid", None),
                rule=getattr(record, "rule_name", ""),
                log=[str(path) for path in getattr(record, "log", None) or ()],
                message=record.getMessage(),
                words=(getattr(record, "rule_msg", None) or "").partition("\n    sbatch call")[0].strip(),
            )
        elif record.levelno >= _WARNING or event == LogEvent.ERROR:
            tell("note", message=record.getMessage())
