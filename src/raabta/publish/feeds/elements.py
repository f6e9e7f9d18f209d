"""XML as feeds need it: elements with a text and attributes, and the bytes of a document.

Escaping is the standard library's. Texts were cleaned before (``cleaning``): escaping alone does not make a control
character well-formed.
"""

from typing import Final
from xml.etree import ElementTree as ET

ATOM: Final = "http://www.w3.org/2005/Atom"
_HEAD: Final = b'<?xml version="1.0" encoding="utf-8"?>\n'


class Element:
    """One element, to which others are added. Name spaces are written as attributes (``xmlns``)."""

    def __init__(self, name: str, attributes: dict[str, str] | None = None) -> None:
        self._node = ET.Element(name, attributes or {})

    def add(self, name: str, text: str = "", *, attributes: dict[str, str] | None = None) -> "Element":
        """Add an element with a text, and give it."""
        made = Element(name, attributes)
        made._node.text = text or None
        self._node.append(made._node)
        return made

    def add_if(self, name: str, text: str) -> None:
        """Add an element where there is a text for it."""
        if text:
            self.add(name, text)

    def document(self) -> bytes:
        """Give the whole document in UTF-8, one element a line: a change of one entry is a change of few lines."""
        ET.indent(self._node, space="")
        return _HEAD + ET.tostring(self._node, encoding="unicode").encode() + b"\n"
