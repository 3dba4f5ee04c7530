"""Cross-origin rules of HTTP APIs and Function URLs, answered in place of the function.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What other origins may do."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_s: int | None = None
    credentials: bool = False

    @classmethod
    def read(cls, config: Mapping[str, Any] | None) -> Rules | None:
        """Rules from an API's `corsConfiguration` or a Function URL's `Cors`; None when nothing is configured."""
        if not config:
            return None
        values = {name[:1].lower() + name[1:]: value for name, value in config.items()}
        return cls(
            origins=tuple(values.get("allowOrigins") or ()),
            methods=tuple(values.get("allowMethods") or ()),
            headers=tuple(values.get("allowHeaders") or ()),
            exposed=tuple(values.get("exposeHeaders") or ()),
            max_age_s=values.get("maxAge"),
            credentials=bool(values.get("allowCredentials")),
        )

    def preflight(self, request: Request) -> Response | None:
        """The answer to a preflight request; None when the request is none."""
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        response = Response(status=204)
        if self._allowed(request) and self._method_allowed(request.headers["Access-Control-Request-Method"]):
            self.apply(request, response)
            fields = {"Access-Control-Allow-Methods": self.methods, "Access-Control-Allow-Headers": self.headers}
            response.headers.update({name: ",".join(values) for name, values in fields.items() if values})
            if self.max_age_s is not None:
                response.headers["Access-Control-Max-Age"] = str(self.max_age_s)
        return response

    def apply(self, request: Request, response: Response) -> None:
        """Set the headers of an actual response; those that the function set are replaced, as on AWS."""
        for name in [name for name, _ in response.headers if name.lower().startswith("access-control-")]:
            del response.headers[name]
        if not self._allowed(request):
            return
        everybody = "*" in self.origins and not self.credentials
        response.headers["Access-Control-Allow-Origin"] = "*" if everybody else request.headers["Origin"]
        if not everybody:
            response.headers.add("Vary", "Origin")
        if self.credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"
        if self.exposed:
            response.headers["Access-Control-Expose-Headers"] = ",".join(self.exposed)

    def _allowed(self, request: Request) -> bool:
        origin = request.headers.get("Origin")
        return origin is not None and any(fnmatch.fnmatchcase(origin, allowed) for allowed in self.origins)

    def _method_allowed(self, method: str) -> bool:
        return "*" in self.methods or method in self.methods
