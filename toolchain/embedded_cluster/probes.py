"""Asks the components of the node, again and again, whether they are well."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

from toolchain.embedded_cluster.process import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolchain.embedded_cluster.components import Component
    from toolchain.embedded_cluster.pki import Pki

_TIMEOUT_S = 5.0
_EAGER_S = 0.2
_CALM_S = 3.0
_SHOWN = 200


def ask(component: Component, pki: Pki) -> Answer:
    """Ask one component once."""
    assert component.probe is not None
    client = pki.client(component.client)
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.get(
                component.probe,
                timeout=_TIMEOUT_S,
                verify=str(client.authority),
                cert=(str(client.certificate), str(client.key)),
            )
        except requests.Timeout:
            return Answer(well=False, detail=f"no answer within {_TIMEOUT_S:.0f} s")
        except requests.RequestException as error:
            return Answer(well=False, detail=f"no answer: {_reason(error)}")
    return Answer(well=response.ok, detail="" if response.ok else f"{response.status_code} {response.text[:_SHOWN]}")


class Prober:
    """Asks in threads of its own, so that one that hangs holds up nobody.

    Args:
        components: Whom to ask; those without a probe are left out.
        pki: Certificates to ask with.
        wake: Called after each answer, so that it is taken in.
    """

    def __init__(self, components: Sequence[Component], pki: Pki, wake: Callable[[], None]) -> None:
        self.answers: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
        self._asked = [component for component in components if component.probe is not None]
        self._pki, self._wake = pki, wake
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self._asked)), thread_name_prefix="probe")
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin to ask."""
        for component in self._asked:
            self._pool.submit(self._run, component)

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()

    def _run(self, component: Component) -> None:
        pause = _EAGER_S
        while not self._ended.wait(pause):
            answer = ask(component, self._pki)
            self.answers.put((component.name, answer))
            self._wake()
            pause = _CALM_S if answer.well else _EAGER_S


def _reason(error: requests.RequestException) -> str:
    """The innermost words of an error: those around it only name the library."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__ or inner
    return str(inner) or type(inner).__name__
