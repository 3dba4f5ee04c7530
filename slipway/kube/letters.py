"""Dead letters on Knative: what no retry could deliver lies in the environment's dead letter service.

Its HTTP contract is in docs/events.md. It is called by way of the API server, and sends letters again itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway.core.errors import EngineError
from slipway.kube.causes import KUBE_CAUSES
from slipway.kube.clients import is_status, said
from slipway.running.causes import with_advice
from slipway.running.runner import Redriven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.kube.clients import Kube

SERVICE = "slipway-dead-letters"
_READ_S = 60
# Each letter may take as long as a call of a function, but never are all of many that slow.
_SEND_S = 910
_SLOW = 20
_OK = 200
_NOT_FOUND = 404


def counts(kube: Kube) -> Mapping[str, int]:
    """Number of dead letters by function; functions without any are left out.

    Raises:
        EngineError: The service cannot be asked. An environment without functions for events has none, and no letters.
    """
    answer = _call(kube, "GET", "/letters?limit=0", None, _READ_S)
    functions = {} if answer is None else answer["functions"]
    return {name: int(about["count"]) for name, about in functions.items()}


def redrive(kube: Kube, name: str, limit: int | None) -> Redriven:
    """Send a function's dead letters again; the service deletes each after the function took it.

    Args:
        kube: The cluster.
        name: Name of the function.
        limit: Number of letters at the most; None for all.

    Raises:
        EngineError: The service cannot be asked.
    """
    there = counts(kube).get(name, 0)
    wanted = there if limit is None else min(limit, there)
    if wanted == 0:
        return Redriven(sent=0, left=there)
    answer = _call(kube, "POST", "/redrive", {"function": name, "limit": wanted}, _SEND_S * min(wanted, _SLOW))
    if answer is None:
        return Redriven(sent=0, left=0)
    failed = tuple((str(one.get("event") or one["id"]), str(one["reason"])) for one in answer["failed"])
    return Redriven(sent=int(answer["sent"]), failed=failed, left=int(answer["left"]))


def _call(kube: Kube, method: str, path: str, body: Any, timeout_s: float) -> Any:
    """An answer of the service; None when there is no such service, or it knows no such function."""
    who = f"dead letters of {kube.environment}"
    response = kube.send(
        method,
        f"/api/v1/namespaces/{kube.namespace}/services/http:{SERVICE}:80/proxy{path}",
        headers={"content-type": "application/json"} if body is not None else {},
        body=b"" if body is None else json.dumps(body).encode(),
        read_timeout_s=timeout_s,
        who=who,
    )
    if response.status == _NOT_FOUND:
        return None
    if response.status == _OK:
        return response.json()
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and not is_status(answer) and "message" in answer:
        raise EngineError(f"{who}: {answer['message']} ({response.status})")
    raise EngineError(with_advice(KUBE_CAUSES, said(response), kube.environment, who))
