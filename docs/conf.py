"""Sphinx configuration of the site; docs/build.py writes the pages and calls Sphinx with this file."""

import configparser
from pathlib import Path

docs = Path(__file__).resolve().parent
parser = configparser.ConfigParser(delimiters=["="])
parser.read(docs.parent / "settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]

project = settings["lib_name"]
author = settings["author"]
project_copyright = settings["copyright"]
release = settings["version"]
language = "en"

extensions = ["myst_nb"]
exclude_patterns = ["_build"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline", "html_image"]
myst_heading_anchors = 3
pygments_style = "friendly"
highlight_language = "none"

html_theme = "sphinx_book_theme"
html_title = "graphseg"
html_static_path = [str(docs / "_static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_theme_options = {
    "show_toc_level": 3,
    "show_navbar_depth": 1,
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "friendly",
}

# MathJax lies in _static (npm mathjax@3, es5/tex-svg.js): formulas need no network.
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "global"}}
