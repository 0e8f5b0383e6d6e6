"""The page on friendship shows the machine that is: its diagram is made from the table. To write it anew:

`python tests/unit/friends/test_page.py`
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from wherry.friends.states import TABLE, State

PAGE = Path(__file__).parents[3] / "docs" / "why" / "friendship.md"
DIAGRAM = re.compile(r"```mermaid\n(.*?)\n```", re.DOTALL)


def drawn() -> str:
    """The table as a Mermaid state diagram; what is void and changes nothing is left to the text."""
    arrows: dict[tuple[State, State], list[str]] = defaultdict(list)
    for (state, event), step in TABLE.items():
        if step.refuse is None:
            said = f" [{step.say.name.lower()}]" if step.say is not None else ""
            arrows[state, step.state].append(event.value + said)
    lines = ["stateDiagram-v2", "    [*] --> stranger"]
    for (state, after), events in sorted(arrows.items(), key=lambda one: [list(State).index(end) for end in one[0]]):
        lines.append(f"    {state} --> {after}: {' / '.join(events)}")
    return "\n".join(lines)


def test_the_page_shows_the_table() -> None:
    found = DIAGRAM.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[1] == drawn()


def test_the_page_names_every_state() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [state for state in State if state not in text] == []


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(DIAGRAM.sub(lambda _: f"```mermaid\n{drawn()}\n```", page), encoding="utf-8")
