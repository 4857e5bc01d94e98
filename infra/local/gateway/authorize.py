"""Runs a route's authorizer, and reads the policy it answers with as API Gateway reads it."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

from infra.local.gateway.refusals import Refused

log = logging.getLogger(__name__)


def authorize(authorizer: Any, token: str | None, method_arn: str, context: Any) -> dict[str, Any]:
    """What `authorizer`, made with `@app.authorizer()`, says of the bearer of `token`, for
    `requestContext.authorizer`.

    Raises Refused: UNAUTHORIZED without asking where there is no token, and where it raises exactly
    "Unauthorized"; AUTHORIZER_FAILURE where it fails otherwise; ACCESS_DENIED where its policy does not allow
    `method_arn`.
    """
    if not token:
        raise Refused("UNAUTHORIZED")
    event = {"type": "TOKEN", "authorizationToken": token, "methodArn": method_arn}
    try:
        answer: dict[str, Any] = authorizer(event, context)
    except Exception as error:
        if str(error) == "Unauthorized":
            raise Refused("UNAUTHORIZED") from None
        log.exception("the authorizer failed")
        raise Refused("AUTHORIZER_FAILURE") from error
    if not _allows(answer.get("policyDocument") or {}, method_arn):
        raise Refused("ACCESS_DENIED")
    said = {name: _flat(value) for name, value in (answer.get("context") or {}).items()}
    return {**said, "principalId": answer.get("principalId")}


def _allows(policy: dict[str, Any], method_arn: str) -> bool:
    """A policy allows what one of its statements allows and none denies."""
    effects = {s.get("Effect") for s in policy.get("Statement", []) if _covers(s.get("Resource", []), method_arn)}
    return "Allow" in effects and "Deny" not in effects


def _covers(resources: str | list[str], method_arn: str) -> bool:
    return any(_pattern(r).fullmatch(method_arn) for r in ([resources] if isinstance(resources, str) else resources))


@lru_cache(maxsize=1024)
def _pattern(resource: str) -> re.Pattern[str]:
    return re.compile(re.escape(resource).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _flat(value: Any) -> Any:
    """API Gateway hands on strings only, and refuses what is not a plain value."""
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            log.error("the authorizer's context may hold plain values only")
            raise Refused("AUTHORIZER_FAILURE")
