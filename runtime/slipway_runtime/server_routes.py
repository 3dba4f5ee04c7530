"""Which requests a function in a container takes, answered as API Gateway answers them on Lambda.

`SLIPWAY_ROUTES` holds JSON: `{"routes": [{"path", "methods", "auth", "visibility", "cors"}], "tokens": {"issuer",
"audience"}}`; `cors` and `tokens` may be null.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html and, beside it,
`http-api-cors.html`.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from slipway_runtime.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import Headers

_STATIC, _PARAMETER, _GREEDY = range(3)
_SERVED = ("none", "token")


def message(status: int, text: str) -> Response:
    """An answer in API Gateway's words, for example `{"message":"Not Found"}`."""
    return Response(json.dumps({"message": text}, separators=(",", ":")), status, content_type="application/json")


@dataclasses.dataclass(frozen=True, slots=True)
class Cors:
    """What other origins may do."""

    origins: Sequence[str]
    methods: Sequence[str]
    headers: Sequence[str]
    credentials: bool
    max_age_s: int

    def preflight(self, sent: Headers) -> Response:
        """The answer to a preflight request with these headers."""
        response = Response(status=204)
        method = sent["Access-Control-Request-Method"]
        if self._allowed(sent) and ("*" in self.methods or method in self.methods):
            self.apply(sent, response.headers)
            fields = {"Access-Control-Allow-Methods": self.methods, "Access-Control-Allow-Headers": self.headers}
            response.headers.update({name: ",".join(sorted(values)) for name, values in fields.items() if values})
            response.headers["Access-Control-Max-Age"] = str(self.max_age_s)
        return response

    def apply(self, sent: Headers, answer: Headers) -> None:
        """Set the headers of an answer; those that the function set are replaced."""
        for name in [name for name, _ in answer if name.lower().startswith("access-control-")]:
            del answer[name]
        if not self._allowed(sent):
            return
        everybody = "*" in self.origins and not self.credentials
        answer["Access-Control-Allow-Origin"] = "*" if everybody else sent["Origin"]
        if not everybody:
            answer.add("Vary", "Origin")
        if self.credentials:
            answer["Access-Control-Allow-Credentials"] = "true"

    def _allowed(self, sent: Headers) -> bool:
        origin = sent.get("Origin")
        return origin is not None and any(fnmatch.fnmatchcase(origin, allowed) for allowed in self.origins)


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """A path with methods.

    Attributes:
        path: With optional `{name}` parts and a trailing `{name+}`.
        methods: In capitals; `ANY` alone means all.
        auth: `none` or `token`.
        visibility: `public` or `internal`.
        cors: Cross-origin rules, or None.
    """

    path: str
    methods: Sequence[str]
    auth: str
    visibility: str
    cors: Cors | None

    def serves(self, method: str, path: str) -> bool:
        """Whether a request belongs to it."""
        return (method in self.methods or "ANY" in self.methods) and _matches(self.path, path)

    @property
    def rank(self) -> tuple[int, ...]:
        """Smaller is more specific: full matches win over greedy ones, fixed parts over parameters."""
        kinds = [_kind(part) for part in self.path.split("/")[1:]]
        return (int(_GREEDY in kinds), *kinds)


@dataclasses.dataclass(frozen=True, slots=True)
class Routes:
    """All routes of a function.

    Attributes:
        routes: The routes.
        issuer: Whose tokens are accepted; empty if no route asks for one.
        audience: Accepted audiences.
    """

    routes: Sequence[Route]
    issuer: str
    audience: Sequence[str]

    @classmethod
    def read(cls, text: str | None) -> Routes:
        """Routes from `SLIPWAY_ROUTES`.

        Raises:
            StartupError: It is missing or wrong.
        """
        if not text:
            raise StartupError('the variable SLIPWAY_ROUTES is not set; without HTTP routes it is {"routes":[]}')
        try:
            given = json.loads(text)
            routes = [_route(item) for item in given["routes"]]
            tokens = given.get("tokens") or {"issuer": "", "audience": []}
            found = cls(routes, str(tokens["issuer"]), [str(value) for value in tokens["audience"]])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StartupError(f"the variable SLIPWAY_ROUTES cannot be read: {type(error).__name__}: {error}") from None
        for route in routes:
            if route.auth not in _SERVED or (route.auth == "token" and not found.issuer):
                wanted = "none or token, and token needs an issuer"
                raise StartupError(f"SLIPWAY_ROUTES: {route.path}: auth must be {wanted}; found {route.auth}")
        return found

    def find(self, method: str, path: str, *, outside: bool) -> Route | None:
        """The most specific route of a request; a method wins over `ANY`.

        Args:
            method: HTTP method in capitals.
            path: Decoded path.
            outside: Whether the request comes from outside of the cluster, where internal routes are not seen.
        """
        found = [route for route in self._visible(outside=outside) if route.serves(method, path)]
        return min(found, key=lambda route: (route.rank, method not in route.methods), default=None)

    def cors(self, *, outside: bool) -> Cors | None:
        """The cross-origin rules: as on Lambda, one set of rules holds for all paths."""
        return next((route.cors for route in self._visible(outside=outside) if route.cors), None)

    @property
    def internal(self) -> bool:
        """Whether callers in the cluster may use every path and method, as those of a Function URL may."""
        return any(route.visibility == "internal" for route in self.routes)

    def _visible(self, *, outside: bool) -> Sequence[Route]:
        return [route for route in self.routes if route.visibility == "public"] if outside else self.routes


def _route(item: Mapping[str, Any]) -> Route:
    rules = item.get("cors")
    cors = (
        Cors(rules["origins"], rules["methods"], rules["headers"], bool(rules["credentials"]), int(rules["max_age_s"]))
        if rules
        else None
    )
    return Route(str(item["path"]), list(item["methods"]), str(item["auth"]), str(item["visibility"]), cors)


def _matches(pattern: str, path: str) -> bool:
    expected, given = pattern.split("/")[1:], path.split("/")[1:]
    for index, part in enumerate(expected):
        kind = _kind(part)
        if kind == _GREEDY:
            return bool("/".join(given[index:]))
        if index >= len(given) or (kind == _PARAMETER and not given[index]):
            return False
        if kind == _STATIC and part != given[index]:
            return False
    return len(given) == len(expected)


def _kind(part: str) -> int:
    if part.startswith("{") and part.endswith("+}"):
        return _GREEDY
    return _PARAMETER if part.startswith("{") and part.endswith("}") else _STATIC
