"Packaging: everything comes from settings.ini, nothing is written twice."

import configparser
import shlex
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
parser = configparser.ConfigParser(delimiters=["="])
parser.read(root / "settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=(root / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author=settings["author"],
    author_email=settings["author_email"],
    url=settings["git_url"],
    keywords=settings["keywords"].split(),
    classifiers=["Intended Audience :: Science/Research", "Programming Language :: Python :: 3.11"],
    packages=find_packages(include=["graphseg", "graphseg.*"]),
    python_requires=f">={settings['min_python']}",
    install_requires=shlex.split(settings["requirements"]),
    extras_require={
        name: shlex.split(settings[f"{name}_requirements"]) for name in ("cluster", "dev", "runtime", "nnunet")
    },
    entry_points={"console_scripts": settings["console_scripts"].split()},
)
