"""Finds the resource a path belongs to, as API Gateway does: what is spelled out goes before what is a
parameter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(slots=True)
class _Node:
    resource: str | None = None
    literal: dict[str, _Node] = field(default_factory=dict["str", "_Node"])
    parameter: tuple[str, _Node] | None = None


class Routes:
    """The resources of one API, such as `/books/{book_id}`."""

    def __init__(self, resources: Iterable[str]) -> None:
        self._root = _Node()
        for resource in resources:
            self._add(resource)

    def find(self, path: str) -> tuple[str, dict[str, str] | None] | None:
        """The resource and its parameters for an encoded `path`; None where there is none."""
        segments = [unquote(segment) for segment in path.strip("/").split("/") if segment]
        parameters: dict[str, str] = {}
        resource = _descend(self._root, segments, parameters)
        return (resource, parameters or None) if resource is not None else None

    def _add(self, resource: str) -> None:
        node = self._root
        for segment in filter(None, resource.split("/")):
            if segment.startswith("{"):
                # API Gateway allows one name for the parameter at one place, and so does a deployment.
                name = segment.strip("{}")
                if node.parameter is None:
                    node.parameter = (name, _Node())
                elif node.parameter[0] != name:
                    raise ValueError(f"{resource}: this place is called {{{node.parameter[0]}}} in another route")
                node = node.parameter[1]
            else:
                node = node.literal.setdefault(segment, _Node())
        node.resource = resource


def _descend(node: _Node, segments: list[str], parameters: dict[str, str]) -> str | None:
    if not segments:
        return node.resource
    head, rest = segments[0], segments[1:]
    if (child := node.literal.get(head)) and (found := _descend(child, rest, parameters)) is not None:
        return found
    if node.parameter and (found := _descend(node.parameter[1], rest, parameters)) is not None:
        parameters[node.parameter[0]] = head
        return found
    return None
