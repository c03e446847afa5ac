"""What several operations share, besides schemas: parameters, headers and responses. Only what is used is kept."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from .names import numbered

Section: TypeAlias = Literal["parameters", "headers", "responses"]


class Components:
    """The components of a document, by section and name."""

    def __init__(self) -> None:
        self.sections: dict[Section, dict[str, Any]] = {"parameters": {}, "headers": {}, "responses": {}}

    def use(self, section: Section, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """A reference to the component, which is added if it is new. If the name stands for something else, another
        one is made of it.
        """
        known = self.sections[section]
        name = numbered(name, {each for each, there in known.items() if there != value})
        known[name] = value
        return {"$ref": f"#/components/{section}/{name}"}
