"""The HTTP entry: serves the deployed routes and Function URLs the way AWS does."""

from __future__ import annotations

import concurrent.futures
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from toolchain.embedded_aws import deployed_http, http_request, http_response, http_routes
from toolchain.embedded_aws.access_log import AccessLog
from toolchain.embedded_aws.authorizers import Authorizers, RefusedError
from toolchain.embedded_aws.cors import Rules
from toolchain.embedded_aws.http_request import Origin
from toolchain.embedded_aws.http_response import InvalidAnswerError
from toolchain.embedded_aws.invoker import trace_id
from toolchain.embedded_aws.pool import CannotRunError, ThrottledError
from toolchain.embedded_aws.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.deployed_http import Api, FunctionUrl
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.http_routes import Match
    from toolchain.embedded_aws.invoker import Invoker

URL_PREFIX = "/_url/"
_MAX_BODY = 10 * 1024 * 1024
_MAX_TIMEOUT_S = 30.0
_WORKERS = 64
_log = logging.getLogger(__name__)


class HttpEntry:
    """The WSGI application of the HTTP entry."""

    def __init__(self, config: Config, invoker: Invoker) -> None:
        self._config = config
        self._invoker = invoker
        self._authorizers = Authorizers(config)
        self._throttle = Throttle()
        self._access = AccessLog(config)
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="http")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.max_content_length = _MAX_BODY
        try:
            request.get_data()
            response = self._answer(request)
        except RequestEntityTooLarge:
            response = http_response.message(413, "Request Entity Too Large")
        except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
            _log.exception("%s %s failed", request.method, request.path)
            response = http_response.message(500, "Internal Server Error")
        return response(environ, start_response)

    def close(self) -> None:
        """Take no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(URL_PREFIX):
            return self._function_url(request)
        found = self._find(request)
        if found is None:
            return http_response.message(404, "Not Found")
        api, path, match = found
        rules = Rules.read(api.model.cors_configuration)
        preflight = rules.preflight(request) if rules else None
        if preflight is not None:
            return preflight
        if match is None:
            return http_response.message(404, "Not Found")
        identity = http_request.request_id()
        with self._access.of(api, request, identity, match.key, path) as entry:
            response = self._route(request, api, path, match, identity)
            if rules:
                rules.apply(request, response)
            entry.done(response)
        return response

    def _find(self, request: Request) -> tuple[Api, str, Match | None] | None:
        """The API of a request, the path within it, and the route; of several APIs the first that has a route."""
        apis = [api for api in deployed_http.apis(self._config.account) if api.stage is not None]
        first = request.path.split("/")[1]
        host = request.host.partition(".")[0]
        for api in apis:
            if api.id == host:
                return api, request.path, _match(api, request.method, request.path)
            if api.id == first:
                path = request.path.removeprefix(f"/{api.id}") or "/"
                return api, path, _match(api, request.method, path)
        matches = [(api, request.path, _match(api, request.method, request.path)) for api in apis]
        matched = [found for found in matches if found[2] is not None]
        exact = [found for found in matched if found[2] and found[2].key != http_routes.DEFAULT]
        return next(iter([*exact, *matched, *matches]), None)

    def _route(self, request: Request, api: Api, path: str, match: Match, identity: str) -> Response:
        route = api.routes().get(match.key)
        integration = api.integration(route) if route else None
        if integration is None:
            return http_response.message(404, "Not Found")
        rate, burst = api.bounds(match.key)
        if not self._throttle.admit(f"{api.id} {match.key}", rate=rate, burst=burst):
            return http_response.message(429, "Too Many Requests")
        try:
            authorizer = self._authorize(request, api, route)
        except RefusedError as refused:
            return refused.response
        function = self._target(integration, api.region)
        if function is None:
            return http_response.message(500, "Internal Server Error")
        origin = Origin(
            account=self._config.account,
            api_id=api.id,
            domain=api.domain,
            route_key=match.key,
            stage=api.stage.name,
            path=path,
            parameters=match.parameters,
            stage_variables=api.stage.stage_variables or {},
            authorizer=authorizer,
        )
        timeout_s = min((integration.timeout_in_millis or 30_000) / 1000, _MAX_TIMEOUT_S)
        return self._call(request, function, origin, identity, timeout_s)

    def _authorize(self, request: Request, api: Api, route: Any) -> dict[str, Any] | None:
        match route.authorization_type or "NONE":
            case "NONE":
                return None
            case "AWS_IAM":
                return self._authorizers.signed(request, request.get_data(), "execute-api", api.region)
            case "JWT":
                authorizer = api.authorizer(route)
                if authorizer is not None:
                    return self._authorizers.token(request, authorizer, route.authorization_scopes or [])
        _log.error("route %s: authorisation %s cannot be checked here", route.route_key, route.authorization_type)
        raise RefusedError(http_response.message(500, "Internal Server Error"), "unknown authorisation")

    def _target(self, integration: Any, region: str) -> DeployedFunction | None:
        uri = str(integration.integration_uri or "")
        reference = uri.partition("/functions/")[2].removesuffix("/invocations") or uri
        if integration.integration_type != "AWS_PROXY" or integration.payload_format_version != "2.0":
            _log.error("integration %s is not a Lambda function with payload format 2.0", integration.id)
            return None
        function = self._invoker.find(reference, region=region)
        if function is None:
            _log.error("integration %s: function %s does not exist", integration.id, reference)
        return function

    def _call(
        self, request: Request, function: DeployedFunction, origin: Origin, identity: str, timeout_s: float | None
    ) -> Response:
        """Run the function and turn its end into a response.

        Without `timeout_s` the request came in by a Function URL, which words failures in its own way.
        """
        by_url = timeout_s is None
        failure = http_response.message(502 if by_url else 500, "Internal Server Error")
        event = http_request.event(request, origin, identity, trace_id())
        future = self._pool.submit(self._invoker.call, function, json.dumps(event).encode())
        try:
            call = future.result(timeout_s)
        except concurrent.futures.TimeoutError:
            _log.warning("%s did not answer within %s s", function.name, timeout_s)
            return _unavailable()
        except ThrottledError:
            return http_response.message(429, "Rate Exceeded.") if by_url else _unavailable()
        except CannotRunError as error:
            _log.error("%s", error)
            return failure
        if call.outcome.failed:
            return failure
        try:
            return http_response.translate(call.outcome.payload)
        except InvalidAnswerError as error:
            _log.error("%s: %s", function.name, error)
            return failure

    def _function_url(self, request: Request) -> Response:
        name = request.path.removeprefix(URL_PREFIX).partition("/")[0]
        url = deployed_http.function_url(self._config.account, self._config.region, name)
        if url is None:
            return http_response.message(404, "Not Found")
        rules = Rules.read(url.cors)
        preflight = rules.preflight(request) if rules else None
        if preflight is not None:
            return preflight
        response = self._call_url(request, name, url)
        if rules:
            rules.apply(request, response)
        return response

    def _call_url(self, request: Request, name: str, url: FunctionUrl) -> Response:
        authorizer = None
        if url.auth_type != "NONE":
            try:
                authorizer = self._authorizers.signed(request, request.get_data(), "lambda", url.region)
            except RefusedError as refused:
                return refused.response
        function = self._invoker.find(name, url.qualifier, url.region)
        if function is None:
            return http_response.message(404, "Not Found")
        raw_path, _ = http_request.raw_target(request)
        origin = Origin(
            account=self._config.account,
            api_id=url.url_id,
            domain=f"{url.url_id}.lambda-url.{url.region}.on.aws",
            route_key=http_routes.DEFAULT,
            stage=http_routes.DEFAULT,
            path=raw_path.removeprefix(f"{URL_PREFIX}{name}") or "/",
            authorizer=authorizer,
        )
        return self._call(request, function, origin, http_request.request_id(), None)


def _match(api: Api, method: str, path: str) -> Match | None:
    return http_routes.best(api.routes(), method, path)


def _unavailable() -> Response:
    return http_response.message(503, "Service Unavailable")
