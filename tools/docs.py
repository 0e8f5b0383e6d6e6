"""`python -m tools.docs` writes the generated pages of `docs/reference/` and checks every link between the pages.

With `--check` it writes nothing, and fails where a page is not what it would write. The pages come from the code, so
that nobody keeps a table of errors or limits by hand. Runs in `.venv`, since it imports the packages.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import msgspec

import wherry.errors
import wherry_signaling.errors
from tools.console import say
from tools.paths import ROOT
from wherry.api.routes import BOTH, ROUTES
from wherry.cli.program import program
from wherry_signaling.errors import WherryError

REFERENCE = ROOT / "docs" / "reference"

BASES = {WherryError, wherry.errors.LocalError, wherry.errors.RemoteError}

NOTE = "<!-- Written by `make docs` from the code: change it there. -->\n\n"

WIDTH = 100
"""Characters of a line of the command line's help, whatever terminal this runs in."""

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LIMIT = re.compile(r"(\w+): Final\b")


def main(arguments: list[str]) -> int:
    """Write or check the pages, then check the links; returns the exit code."""
    trouble: list[str] = []
    pages = {
        "api-routes.md": routes_page(),
        "cli.md": cli_page(),
        "errors.md": errors_page(),
        "limits.md": limits_page(),
    }
    for name, text in pages.items():
        file = REFERENCE / name
        if "--check" in arguments:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                trouble.append(f"{file.relative_to(ROOT)} is not what the code says: make docs")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    trouble += broken_links()
    for line in trouble:
        say(line)
    return 1 if trouble else 0


def cli_page() -> str:
    """Every command's own help."""
    parts = [f"{NOTE}# The command line\n\nWhat `--help` prints, command by command.\n"]
    for name, text in _helps(program, click.Context(program, info_name="wherry", terminal_width=WIDTH)):
        parts.append(f"\n## {name}\n\n```\n{text}\n```\n")
    return "".join(parts)


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _helps(below, click.Context(below, parent=context, info_name=name))


def errors_page() -> str:
    """Every error class: its code, exit code, what it means and what to do."""
    rows = ["| code | side | exit | what it says | what to do |", "|--|--|--|--|--|"]
    for module in (wherry_signaling.errors, wherry.errors):
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, WherryError) and kind not in BASES:
                wire = f" ({kind.wire} in frames)" if kind.wire is not None else ""
                row = (f"`{kind.code}`{wire}", kind.side, kind.exit, kind.text, kind.default_hint)
                rows.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |")
    return (
        f"{NOTE}# Errors\n\nOne code per error, the same in Python, in TypeScript, in `--json` and on the local API. "
        "_Side_ is where it can be mended:\nhere (local), or over there (remote). _Exit_ is the exit code of the "
        "command line.\n\n" + "\n".join(rows) + "\n"
    )


def routes_page() -> str:
    """Every route of the local API, with what it takes."""
    places = {("socket",): "socket", ("tcp",): "TCP", BOTH: "both"}
    rows = []
    for route in ROUTES:
        asked = ", ".join(
            f"`{field.encode_name}`" + ("" if field.required else "?")
            for field in msgspec.structs.fields(route.request)
        )
        row = (f"`{route.method} {route.path}`", places[route.at], asked, route.summary)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return (
        f"{NOTE}# Routes of the local API\n\n[How to use them](api-http.md). _At_: which listeners have it. _Takes_: "
        "in the query of GET and DELETE, in the JSON\nbody of POST; what may be left out has a question mark. Shapes "
        "of answers are in `/api/openapi.json`.\n\n| route | at | takes | what it does |\n|--|--|--|--|\n"
        + "\n".join(rows)
        + "\n"
    )


def limits_page() -> str:
    """Every named limit with its value and its reason, by package."""
    parts = [f"{NOTE}# Limits\n\nEverything is bounded. Each bound has a name, a unit and a reason.\n"]
    for file in sorted([*ROOT.glob("signaling/**/limits.py"), *ROOT.glob("node/**/limits.py")]):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts[1:])
        module = importlib.import_module(name)
        rows = [f"| `{limit}` | {_value(module, limit)} | {reason} |" for limit, reason in _limits(file)]
        parts.append(f"\n## `{name}`\n\n| name | value | unit and reason |\n|--|--|--|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def _limits(file: Path) -> Iterator[tuple[str, str]]:
    """Name and reason of each limit; a reason holds for all the names right below it."""
    reason: list[str] = []
    above = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#:"):
            reason = [*(reason if above.startswith("#:") else []), line.removeprefix("#:").strip()]
        elif found := LIMIT.match(line):
            yield found[1], " ".join(reason).replace("|", "\\|")
        elif not line.startswith((" ", ")")):  # neither a limit's value, continued
            reason = []
        above = line


def _value(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def broken_links() -> list[str]:
    """Relative links of committed Markdown files that lead to no file or no heading."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pages = {ROOT / line: (ROOT / line).read_text(encoding="utf-8") for line in listed.splitlines()}
    broken = []
    for page, text in pages.items():
        for link in LINK.findall(FENCED.sub("", text)):
            if "://" in link or link.startswith("mailto:"):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            lost = not target.exists() or (anchor and anchor not in _anchors(pages.get(target, "")))
            if lost:
                broken.append(f"{page.relative_to(ROOT)}: the link to {link} leads nowhere")
    return broken


def _anchors(text: str) -> set[str]:
    """The anchors that a page's headings get where it is shown."""
    headings = HEADING.findall(FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
