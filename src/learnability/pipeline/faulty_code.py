"""A fault in the code of a study, found while it is imported or read: told with its place, as every mistake is."""

import traceback
from pathlib import Path

from learnability.results.errors import UserError


def fault(error: Exception, file: Path) -> UserError:
    """What an error that ends the import or the reading of a file says: file, line and error.

    The line is the one that the error itself names (a syntax error), else the deepest one that ran below the folder of
    ``file``, which is a module or the folder of a study: what a study called is seldom at fault.
    """
    line = 0
    if isinstance(error, SyntaxError):
        said = error.msg
        file, line = Path(error.filename or file), error.lineno or 0
    else:
        said = str(error)
        folder = file if file.is_dir() else file.parent
        ran = [frame for frame in traceback.extract_tb(error.__traceback__) if folder in Path(frame.filename).parents]
        if ran:
            file, line = Path(ran[-1].filename), ran[-1].lineno or 0
    where = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    problem = f"{type(error).__name__}: {' '.join(said.split())[:300]}"
    remedy = "correct the name, or install the package" if isinstance(error, ImportError) else "correct the code"
    return UserError(f"{where}, line {line}" if line else str(where), problem, remedy=remedy)
