"""The answers API Gateway gives by itself, from the templates that are deployed with it
(`gateway_responses.json`)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from infra.local.processes import ROOT

TEMPLATES = ROOT / "infra" / "gateway_responses.json"

_HEADER = "gatewayresponse.header."


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Refused(Exception):
    """API Gateway refuses.

    `kind` is its name for why: UNAUTHORIZED, ACCESS_DENIED, …; the status only of DEFAULT kinds.
    """

    def __init__(self, kind: str, status: int | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status


def answer(refused: Refused) -> Answer:
    """What the client is told: RFC 9457, and nothing about what happened inside."""
    template = _answers[refused.kind]
    status = refused.status or template.status
    return Answer(status, template.headers, template.body)


def _read() -> dict[str, Answer]:
    resources = json.loads(TEMPLATES.read_text())["Resources"]
    return {r["Properties"]["ResponseType"]: _answer(r["Properties"]) for r in resources.values()}


def _answer(properties: dict[str, object]) -> Answer:
    match properties:
        case {
            "ResponseParameters": dict(parameters),
            "ResponseTemplates": {"application/json": str(template)},
        }:  # pyright: ignore
            headers = [
                (str(name).removeprefix(_HEADER), str(value).strip("'"))  # pyright: ignore
                for name, value in parameters.items()  # pyright: ignore
            ]
            return Answer(int(str(properties.get("StatusCode", 500))), headers, template.encode())
        case _:
            raise ValueError(f"{TEMPLATES.name}: not a gateway response: {properties}")


_answers = _read()
