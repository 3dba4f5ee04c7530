"""The Kubernetes cluster of an environment: the embedded one, or any other by a context of the user's kubeconfig."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry
from urllib3.util.timeout import Timeout

from slipway.core.errors import EngineError
from slipway.core.settings_knative import EMBEDDED_CONTEXT
from slipway.kube.causes import KUBE_CAUSES
from slipway.running.causes import advice, first_cause, with_advice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from slipway.core.settings import Settings

_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
_PAGE = 250
_OK = range(200, 300)
_NOT_FOUND = 404
_CONFLICT = 409
_MAX_SAID = 500
# Only what may be repeated without harm, and only what passes: the server is starting, busy, or a proxy lost it.
_RETRY = Retry(
    total=4,
    connect=3,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods={"GET"},
    backoff_factor=0.2,
    raise_on_status=False,
)
_ONCE = Retry(total=None, connect=3, read=0, redirect=0, status=0, other=0, backoff_factor=0.2)

FIELD_MANAGER = "slipway"
"""Under this name the cluster keeps which fields the command line has set."""


class ConflictError(EngineError):
    """An object was changed by somebody else between reading and writing it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kube:
    """The cluster of an environment and how to reach it.

    Attributes:
        environment: Name of the environment, for messages.
        namespace: Namespace of its functions.
        domain: Knative's domain there.
        context: Context of the kubeconfig.
        kubeconfig: The kubeconfig; None for the user's own (KUBECONFIG, else ~/.kube/config).
        entry: Address of the entry for public functions, to connect to whatever host is called; None where hosts lead
            there by themselves.
        scheme: Scheme of the entry, which may differ from what the cluster believes: TLS may end before it.
        port: Port of the entry; None for that of the scheme.
    """

    environment: str
    namespace: str
    domain: str
    context: str
    kubeconfig: Path | None = None
    entry: str | None = None
    scheme: str = "http"
    port: int | None = None

    @classmethod
    def of(cls, settings: Settings, kubeconfig: Path | None = None) -> Kube:
        """The cluster that an environment's settings name.

        Args:
            settings: The settings.
            kubeconfig: Kubeconfig of the embedded cluster, used where the settings name no other.

        Raises:
            EngineError: The environment has no cluster.
        """
        knative = settings.knative
        if knative is None:
            raise EngineError(
                f"{settings.environment}: has no cluster; what to do: set slipway:target or a kubeContext"
            )
        return cls(
            environment=settings.environment,
            namespace=knative.namespace,
            domain=knative.domain,
            context=knative.context or EMBEDDED_CONTEXT,
            kubeconfig=kubeconfig if knative.embedded else None,
            entry=knative.entry,
            scheme=knative.scheme,
            port=knative.port,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None, *, who: str) -> dict[str, Any] | None:
        """A JSON answer of the API; None for 404.

        Args:
            path: Path, with `/api` or `/apis` in front.
            query: Query parameters.
            who: What is being worked on, for messages.

        Raises:
            EngineError: The server cannot be reached, or refuses.
        """
        with readable_errors(self.environment, who):
            response = self._request("GET", path, query=query)
            if response.status == _NOT_FOUND:
                return None
            return _json_or_raise(self.environment, who, response)

    def patch(self, path: str, body: Mapping[str, Any], *, who: str) -> dict[str, Any]:
        """Change an object by a JSON merge patch, once.

        Raises:
            ConflictError: `metadata.resourceVersion` in the patch is not the current one.
            EngineError: The server cannot be reached, or refuses.
        """
        with readable_errors(self.environment, who):
            response = self._request(
                "PATCH",
                path,
                query={"fieldManager": FIELD_MANAGER},
                headers={"content-type": "application/merge-patch+json"},
                body=json.dumps(body).encode(),
                retries=_ONCE,
            )
            return _json_or_raise(self.environment, who, response)

    def find(self, api_version: str, kind: str, name: str, *, namespace: str | None = None) -> dict[str, Any] | None:
        """An object of any kind; None when there is none, or when the cluster does not know its kind.

        Raises:
            EngineError: The server cannot be reached, or refuses.
        """
        path = self._path(api_version, kind, namespace)
        return None if path is None else self.get(f"{path}/{quote(name)}", who=f"{kind} {name}")

    def list(
        self,
        api_version: str,
        kind: str,
        *,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Objects of a kind, all pages of them; none when the cluster does not know the kind.

        Args:
            api_version: Group and version.
            kind: Kind.
            namespace: Namespace; None for all.
            labels: Labels that they must have.
            fields: Fields that they must have.

        Raises:
            EngineError: The server cannot be reached, or refuses.
        """
        path = self._path(api_version, kind, namespace)
        query = {"limit": str(_PAGE)}
        for key, wanted in (("labelSelector", labels), ("fieldSelector", fields)):
            if wanted:
                query[key] = ",".join(f"{name}={value}" for name, value in wanted.items())
        found: list[dict[str, Any]] = []
        while path is not None:
            page = self.get(path, query, who=f"{kind} list of {namespace or 'all namespaces'}")
            if page is None:
                break
            found += page.get("items") or []
            going_on = (page.get("metadata") or {}).get("continue")
            if not going_on:
                break
            query["continue"] = going_on
        return found

    def serves(self, api_version: str) -> bool:
        """Whether the cluster knows a group and version.

        Raises:
            EngineError: The server cannot be reached, or refuses.
        """
        return bool(self._kinds(f"/apis/{api_version}"))

    def logs(
        self, pod: str, *, namespace: str, container: str, lines: int | None = None, previous: bool = False
    ) -> str:
        """What a container of a pod has written; empty when there is nothing, or no such pod any more.

        Raises:
            EngineError: The server cannot be reached, or refuses.
        """
        query = {"container": container}
        if lines is not None:
            query["tailLines"] = str(lines)
        if previous:
            query["previous"] = "true"
        with self.stream(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query, who=f"log of {pod}") as response:
            return "" if response is None else response.data.decode(errors="replace")

    @contextlib.contextmanager
    def stream(self, path: str, query: Mapping[str, str], *, who: str, endless: bool = False) -> Iterator[Any]:
        """An answer of the API that is not read yet, as urllib3 gives it.

        Args:
            path: Path.
            query: Query parameters.
            who: What is being worked on, for messages.
            endless: Whether the server goes on sending as long as there is something.

        Yields:
            The response; None when there is nothing to read (404, and 400: a container that has not started).

        Raises:
            EngineError: The server cannot be reached, or refuses.
        """
        with readable_errors(self.environment, who):
            timeout = Timeout(connect=_CONNECT_TIMEOUT_S, read=None) if endless else None
            response = self._request("GET", path, query=query, preload=False, timeout=timeout)
            try:
                if response.status in {400, _NOT_FOUND}:
                    yield None
                else:
                    if response.status not in _OK:
                        _json_or_raise(self.environment, who, response)
                    yield response
            finally:
                response.close()

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes, read_timeout_s: float, who: str
    ) -> Any:
        """A request that is passed on as it is and never repeated; the answer as urllib3 gives it, whatever its status.

        Raises:
            EngineError: The server cannot be reached.
        """
        timeout = Timeout(connect=_CONNECT_TIMEOUT_S, read=read_timeout_s)
        with readable_errors(self.environment, who):
            return self._request(method, path, headers=headers, body=body, retries=_ONCE, timeout=timeout)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        retries: Retry = _RETRY,
        timeout: Timeout | None = None,
        preload: bool = True,
    ) -> Any:
        configuration = self._client.configuration
        token = configuration.auth_settings().get("BearerToken")
        return self._client.rest_client.pool_manager.request(
            method,
            f"{configuration.host}{path}" + (f"?{urlencode(query)}" if query else ""),
            headers={"user-agent": "slipway", **(headers or {}), **({token["key"]: token["value"]} if token else {})},
            body=body,
            retries=retries,
            timeout=timeout or Timeout(connect=_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S),
            preload_content=preload,
            redirect=False,
        )

    def _path(self, api_version: str, kind: str, namespace: str | None) -> str | None:
        """Path of the objects of a kind; None when the cluster does not know the kind."""
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        known = self._kinds(base).get(kind)
        if known is None:
            return None
        plural, is_namespaced = known
        return f"{base}/namespaces/{namespace}/{plural}" if is_namespaced and namespace else f"{base}/{plural}"

    @functools.cached_property
    def _kinds_by_base(self) -> dict[str, dict[str, tuple[str, bool]]]:
        return {}

    def _kinds(self, base: str) -> dict[str, tuple[str, bool]]:
        """Kinds of a group and version to their plural, and whether they are in namespaces."""
        if base not in self._kinds_by_base:
            found = self.get(base, who=f"{self.environment}: kinds of {base.removeprefix('/apis/')}") or {}
            self._kinds_by_base[base] = {
                resource["kind"]: (resource["name"], bool(resource["namespaced"]))
                for resource in found.get("resources") or []
                if "/" not in resource["name"]
            }
        return self._kinds_by_base[base]

    @functools.cached_property
    def _client(self) -> Any:
        # The client takes a good part of a second to import: commands that never meet a cluster do not pay for it.
        from kubernetes import client, config  # noqa: PLC0415

        configuration = client.Configuration()
        where = self.kubeconfig or "the kubeconfig"
        if self.kubeconfig is not None and not self.kubeconfig.is_file():
            raise EngineError(
                f"{self.environment}: the embedded cluster is not running; what to do: run `slipway cluster up`, "
                "then the same command again"
            )
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(self.kubeconfig) if self.kubeconfig else None,
                context=self.context,
                client_configuration=configuration,
            )
        except (config.ConfigException, OSError, ValueError) as error:
            raise EngineError(
                f"{self.environment}: context {self.context!r} of {where} cannot be used ({error}); what to do: "
                f"compare slipway:kubeContext in stacks/Pulumi.{self.environment}.yaml with "
                "`kubectl config get-contexts`"
            ) from error
        if self.kubeconfig is not None:
            configuration.proxy = None  # an embedded cluster is on loopback, which no proxy reaches
        return client.ApiClient(configuration)


@contextlib.contextmanager
def readable_errors(environment: str, who: str) -> Iterator[None]:
    """Turn what the connection to a cluster fails with into messages that say who, what happened, and what to do.

    Raises:
        EngineError: Instead of those errors.
    """
    try:
        yield
    except (HTTPError, OSError) as error:
        text = short(error)
        found = first_cause(KUBE_CAUSES, str(error))
        raise EngineError(f"{who}: {text}" + (f"; {advice(found, environment)}" if found else "")) from error


def said(response: Any) -> str:
    """What the API server says in an answer that refuses: `status reason: message`."""
    text = response.data.decode(errors="replace")
    try:
        status = json.loads(text)
    except ValueError:
        status = None
    if is_status(status):
        return f"{status.get('message') or status.get('reason')} ({response.status})"
    return f"{text.strip()[:_MAX_SAID] or 'no message'} ({response.status})"


def is_status(value: Any) -> bool:
    """Whether a JSON value is the API server's own report of a failure."""
    return isinstance(value, dict) and value.get("kind") == "Status" and value.get("apiVersion") == "v1"


def _json_or_raise(environment: str, who: str, response: Any) -> dict[str, Any]:
    if response.status not in _OK:
        kind = ConflictError if response.status == _CONFLICT else EngineError
        raise kind(with_advice(KUBE_CAUSES, said(response), environment, who))
    found: dict[str, Any] = json.loads(response.data)
    return found


def short(error: Exception) -> str:
    """An error of urllib3, or of requests around one, without the objects that its text shows."""
    if error.args and isinstance(error.args[0], HTTPError):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    text = str(reason if isinstance(reason, Exception) else error)
    return re.sub(r"^.*?\bobject at 0x[0-9a-f]+>?: |^HTTPS?Connection(?:Pool)?\((?P<at>.*?)\): ", "", text)
