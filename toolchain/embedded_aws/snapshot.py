"""Moto's whole state in one file, and back.

Moto keeps plain Python objects, so a pickle carries them: the backends of all services in one graph, because they refer
to each other. What pickle does not take is taken apart here: locks, keys, weak dictionaries and moto's own lambdas.
"""

from __future__ import annotations

import _thread
import collections
import hashlib
import io
import marshal
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, cast

import moto
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from moto.core.base_backend import AccountSpecificBackend, BackendDict

from toolchain.embedded_aws.record import CODE

_MAGIC = b"slipway embedded AWS\n"
_Reduced = tuple[Callable[..., Any], tuple[Any, ...]]


class SnapshotError(Exception):
    """The state cannot be saved now, or what was saved cannot be used."""


def dump() -> bytes:
    """The state of all services of moto, as bytes that `load` takes.

    Raises:
        SnapshotError: Something changed meanwhile, or cannot be taken apart.
    """
    state = {
        _name_of(service): {account: dict(regions) for account, regions in dict(service).items()}
        for service in _in_use()
    }
    stream = io.BytesIO()
    try:
        _Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(state)
    except (pickle.PicklingError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        raise SnapshotError(f"{type(error).__name__}: {error}") from error
    content = stream.getvalue()
    return _MAGIC + _fingerprint() + hashlib.sha256(content).digest() + content


def load(data: bytes) -> None:
    """Put a saved state into moto, which must be empty.

    Raises:
        SnapshotError: It was saved by another version, or is damaged; moto is still empty.
    """
    size = hashlib.sha256().digest_size
    head = len(_MAGIC) + 2 * size
    if data[: len(_MAGIC) + size] != _MAGIC + _fingerprint():
        raise SnapshotError("it was saved by another version of Slipway, moto or Python")
    content = data[head:]
    if hashlib.sha256(content).digest() != data[head - size : head]:
        raise SnapshotError("it is damaged")
    try:
        state = _Unpickler(io.BytesIO(content)).load()
    except Exception as error:
        raise SnapshotError(f"{type(error).__name__}: {error}") from error
    for name, accounts in state.items():
        for account, regions in accounts.items():
            for region, backend in regions.items():
                _service(name)[account][region] = backend


def _fingerprint() -> bytes:
    """Digest of everything that decides whether saved objects fit these classes."""
    return hashlib.sha256(f"{moto.__version__} {sys.version_info[:2]} {CODE}".encode()).digest()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        for kind, reduce in _REDUCERS:
            if isinstance(value, kind):
                return reduce(value)
        return NotImplemented

    def persistent_id(self, value: Any) -> Any:
        """Moto's registries stay where they are; only what they hold travels."""
        if isinstance(value, BackendDict):
            return ("service", _name_of(value))
        if isinstance(value, AccountSpecificBackend):
            raise pickle.PicklingError("a registry of one account is referred to, which cannot be named")
        return None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, identity: Any) -> Any:
        return _service(identity[1])


def _in_use() -> list[BackendDict[Any]]:
    return list(cast("Any", BackendDict)._instances)  # noqa: SLF001 - moto has no other list of what is in use


def _name_of(service: BackendDict[Any]) -> str:
    """`module:variable` under which moto keeps a service's registry."""
    for module in (service.backend.__module__, *_OTHER_MODULES):
        for variable, value in vars(sys.modules[module]).items():
            if value is service:
                return f"{module}:{variable}"
    raise SnapshotError(f"the registry of {service.service_name} cannot be named")


def _service(name: str) -> BackendDict[Any]:
    module, _, variable = name.partition(":")
    __import__(module)
    found = getattr(sys.modules[module], variable)
    assert isinstance(found, BackendDict)
    return found


_OTHER_MODULES = ("moto.awslambda_simple.models",)
"""Where registries lie whose backends are ours."""


def _private_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> _Reduced:
    return _rebuild_private_key, (key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)


def _rebuild_private_key(der: bytes) -> Any:
    return load_der_private_key(der, None)


def _function(value: types.FunctionType) -> Any:
    """Lambdas, as the factories of moto's dictionaries, travel as code; named functions are found by their names."""
    if "<lambda>" not in value.__qualname__ or value.__closure__:
        return NotImplemented
    return _rebuild_function, (marshal.dumps(value.__code__), value.__module__, value.__defaults__)


def _rebuild_function(code: bytes, module: str, defaults: tuple[Any, ...] | None) -> types.FunctionType:
    __import__(module)
    return types.FunctionType(marshal.loads(code), vars(sys.modules[module]), "<lambda>", defaults)  # noqa: S302


def _default_dict(value: collections.defaultdict[Any, Any]) -> Any:
    """Subclasses have constructors of their own, which pickle would call with the factory alone."""
    kind = type(value)
    if kind is collections.defaultdict:
        return NotImplemented
    return _rebuild_default_dict, (kind, value.default_factory, vars(value)), None, None, iter(dict(value).items())


def _rebuild_default_dict(
    kind: type[collections.defaultdict[Any, Any]], factory: Callable[[], Any] | None, attributes: dict[str, Any]
) -> collections.defaultdict[Any, Any]:
    value = kind.__new__(kind)
    collections.defaultdict.__init__(value, factory)
    vars(value).update(attributes)
    return value


def _weak_values(values: weakref.WeakValueDictionary[Any, Any]) -> _Reduced:
    return weakref.WeakValueDictionary, (dict(values),)


_REDUCERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (type(threading.Lock()), lambda _: (_thread.allocate_lock, ())),
    (type(threading.RLock()), lambda _: (threading.RLock, ())),
    (threading.Condition, lambda _: (threading.Condition, ())),
    (threading.Event, lambda _: (threading.Event, ())),
    ((rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey), _private_key),
    (weakref.WeakValueDictionary, _weak_values),
    (types.FunctionType, _function),
    (collections.defaultdict, _default_dict),
)
