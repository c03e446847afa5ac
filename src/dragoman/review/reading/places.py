"""Where elements stand, and where to point for one that is not known by itself."""

from __future__ import annotations

from dragoman.review.elements import Element, Kind, Position

_OWNERS = {Kind.FIELD: (Kind.TYPE, Kind.FIELD, Kind.OPERATION), Kind.VALUE: (Kind.TYPE, Kind.FIELD)}


class Places:
    """The places of a document's elements. ``document`` is the place of whatever nothing else is known of. With
    ``shared``, what one of several knows the others know too.
    """

    __slots__ = ("_places", "document")

    def __init__(self, document: Position, shared: Places | None = None) -> None:
        self.document = document
        self._places: dict[tuple[Kind, str], Position] = {} if shared is None else shared._places

    def add(self, element: Element, position: Position) -> None:
        """Keep an element's place; the first one counts."""
        self._places.setdefault((element.kind, element.name), position)

    def __call__(self, element: Element) -> Position:
        """The place of an element, of its owner, or of the document."""
        found = self._places.get((element.kind, element.name))
        if found is not None:
            return found
        if element.kind in (Kind.PARAMETER, Kind.ANSWER):
            owner = element.name.rpartition(" · ")[0]
            return self._places.get((Kind.OPERATION, owner), self.document)
        return self._owner(element)

    def _owner(self, element: Element) -> Position:
        name = element.name
        while element.kind in _OWNERS and "." in name:
            name = name.rpartition(".")[0]
            for kind in _OWNERS[element.kind]:
                found = self._places.get((kind, name))
                if found is not None:
                    return found
        return self.document
