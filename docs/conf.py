"""Sphinx configuration: `make docs` builds the site without network use; a warning is an error."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "docs")]

import pages  # noqa: E402

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "learnability"
author = copyright = "The learnability authors"
version = release = _PROJECT["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "generated/site", "style", "errors", "guides/*.py"]
html_theme = "furo"
html_title = "learnability"
html_static_path = ["style/site"]
WIDE_PAGES = ("verdicts", "verdicts_paper", "robustness")
html_extra_path = ["generated/site"]  # the report, filled by pages.write where there are results
(ROOT / "docs/generated/site").mkdir(parents=True, exist_ok=True)  # Sphinx asks for it before that
html_theme_options = {"navigation_with_keys": True}

myst_enable_extensions = ["attrs_inline", "colon_fence", "fieldlist"]
myst_heading_anchors = 3
# Claims and errors in print have addresses of their own, which MyST does not see; a test of the documents checks them.
suppress_warnings = ["myst.xref_missing"]

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True

# Names of other projects in signatures: their inventories would need the network.
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(Target|FunctionTarget|Link|numpy|np|NDArray|xarray|xr|torch|pathlib|Path|collections|Sequence|Mapping|MultiIndex|optional|ActivationClass|learnability\.hermite\.function_target|Answer|Evidence|Symmetries|LeapSequence|WeakRecovery|Array$|TaylorRanks).*",
    )
]


def setup(app: object) -> None:
    """Write the pages that come from the config and the studies before anything is read."""
    app.connect("builder-inited", lambda _: pages.write(ROOT))  # type: ignore[attr-defined]
    app.connect("html-page-context", widen)  # type: ignore[attr-defined]


def widen(app: object, page: str, *_: object) -> None:
    """Pages of wide tables have a style of their own."""
    if page in WIDE_PAGES:
        app.add_css_file("tables.css")  # type: ignore[attr-defined]
