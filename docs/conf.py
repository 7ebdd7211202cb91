"""How Sphinx makes pages of the documentation, for ``make docs``.

The pages are plain Markdown that a Git host shows too. What only Sphinx understands is added here,
when it reads a page: the navigation, from the lists of ``index.md``, and the reference of the
Python interface, from the docstrings.
"""

import re

from sphinx.application import Sphinx

import slicken

project = "slicken"
author = copyright = "The slicken developers"
version = release = slicken.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
root_doc = "docs/index"
# The source is the whole project, so that links from one page to any other hold.
BESIDE = {
    "README": "README",
    "README.ja": "日本語",
    "CONTRIBUTING": "Contributing",
    "CHANGELOG": "Changes",
    "benchmarks/README": "Benchmarks",
    "benchmarks/rivals/README": "Rivals on planted truths",
    "news/README": "News fragments",
}
include_patterns = ["docs/**.md", *(f"{name}.md" for name in BESIDE)]
exclude_patterns = [".*", "build", "dist", "**/.venv*", "studies", "demo", "truth"]

myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True, "exclude-members": "model_config, model_post_init"}
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"slicken {release}"
html_extra_path = ["front"]
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_js_files = ["pages.js"]
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Connect the step that adds navigation and docstrings to a page."""
    app.connect("source-read", _add_what_only_sphinx_understands)


def _add_what_only_sphinx_understands(app: Sphinx, page: str, source: list[str]) -> None:
    del app
    if page == root_doc:
        source[0] += _lists_of_pages(source[0])
    elif page == "docs/reference/python":
        source[0] += _everything_public()


def _lists_of_pages(index: str) -> str:
    """The lists of ``index.md`` as the navigation, section by section."""
    title, pages = "", {"": ["tutorial", "tutorial-laws"]}
    for line in index.splitlines():
        if heading := re.fullmatch(r"\*\*(.+)\*\*", line):
            title = heading[1]
            pages[title] = []
        elif title and (link := re.match(r"- \[[^\]]*\]\(([^)#]+)\.md\)", line)):
            pages[title].append(link[1])
    pages["The project"] = [f"{title} </{name}>" for name, title in BESIDE.items()]
    return "".join(
        "\n```{toctree}\n:hidden:\n"
        + (f":caption: {title}\n\n" if title else "\n")
        + "\n".join(names)
        + "\n```\n"
        for title, names in pages.items()
    )


def _everything_public() -> str:
    """Docstrings of all that ``import slicken`` gives."""
    kinds = {
        name: "class" if isinstance(getattr(slicken, name), type) else "function"
        for name in slicken.__all__
    }
    kinds["SlickenError"] = "exception"
    return "\n## In full\n" + "".join(
        f"\n### {name}\n\n```{{eval-rst}}\n.. auto{kind}:: slicken.{name}\n```\n"
        for name, kind in kinds.items()
    )
