"""Prints the dependencies that pyproject.toml names, one a line: they are installed apart, to be cached apart."""

from __future__ import annotations

import tomllib

with open("pyproject.toml", "rb") as file:
    for requirement in tomllib.load(file)["project"]["dependencies"]:
        print(requirement)
