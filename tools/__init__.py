"""The house's set-up: brings what `make` needs to a machine with only Python 3.11+ (with venv), git and make.

Standard library only, since it runs before anything is installed. Each step looks first and does nothing where nothing
is to be done, so a second run needs no network. What was chosen is kept in `.cache/`, inside the repository.
"""
