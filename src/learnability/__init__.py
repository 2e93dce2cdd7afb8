"""When does gradient flow or SGD learn a high-dimensional target, and how long does it take?

The public API, which everything else in the package may change under::

    import learnability

    print(learnability.ask("h2(z1) + h3(z2)"))                        # the answer to a question: what learns it
    print(learnability.diagnose("h1(z1) + h1(z1)*h2(z2)"))          # exponents, leaps, what is trapped
    flow = learnability.solve_flow("h2(z1)", dimension=[100, 10000])  # escape times at any dimension
    run = learnability.run_sgd("h1(z1)", dimension=10**6, steps=200)  # SGD, with or without the dimension
    analysis = learnability.open_results("results/laptop/multi_index/escape_joint")

Names are imported when they are first used, so that ``import learnability`` costs almost nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learnability.api import diagnose as diagnose
    from learnability.api import open_results as open_results
    from learnability.api import parse as parse
    from learnability.api import run_sgd as run_sgd
    from learnability.api import solve_flow as solve_flow
    from learnability.asking import Asked as Asked
    from learnability.asking import ask as ask
    from learnability.diagnosis.result import Diagnosis as Diagnosis
    from learnability.hermite.expansion import HermiteExpansion as HermiteExpansion
    from learnability.hermite.function_target import FunctionTarget as FunctionTarget
    from learnability.hermite.function_target import Link as Link
    from learnability.results.errors import UserError as UserError

__version__ = "0.1.0"

__all__ = [
    "Asked",
    "Diagnosis",
    "FunctionTarget",
    "HermiteExpansion",
    "Link",
    "UserError",
    "ask",
    "diagnose",
    "open_results",
    "parse",
    "run_sgd",
    "solve_flow",
]

_HOMES = {
    "Asked": "learnability.asking",
    "Diagnosis": "learnability.diagnosis.result",
    "FunctionTarget": "learnability.hermite.function_target",
    "HermiteExpansion": "learnability.hermite.expansion",
    "Link": "learnability.hermite.function_target",
    "UserError": "learnability.results.errors",
    "ask": "learnability.asking",
    "diagnose": "learnability.api",
    "open_results": "learnability.api",
    "parse": "learnability.api",
    "run_sgd": "learnability.api",
    "solve_flow": "learnability.api",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
