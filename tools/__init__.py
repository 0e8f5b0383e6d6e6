"""The house's tools: what brings `make`'s needs to a machine with only Python 3.11+ (with venv), git and make.

`python3 -m tools` is standard library only, since it runs before anything is installed. Each step looks first and does
nothing where nothing is to be done, so a second run needs no network. What was chosen is kept in `.cache/`, inside the
repository. `tools.docs` and `tools.screenshots` run later, in `.venv`.
"""
