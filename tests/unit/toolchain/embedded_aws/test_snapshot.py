import collections
import io
import pickle
import threading
import weakref

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from toolchain.embedded_aws import snapshot
from toolchain.embedded_aws.snapshot import SnapshotError


def there_and_back(value):
    stream = io.BytesIO()
    snapshot._Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return snapshot._Unpickler(io.BytesIO(stream.getvalue())).load()


class Thing:
    pass


class Counter(collections.defaultdict):
    def __init__(self, region, account):
        super().__init__(list)
        self.region, self.account = region, account


def test_locks_are_made_anew_and_work():
    for made in (threading.Lock(), threading.RLock(), threading.Condition()):
        with there_and_back(made):
            pass


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())])
def test_private_keys_stay_the_same(key):
    assert there_and_back(key).public_key() == key.public_key()


def test_weak_values_refer_to_the_same_objects():
    thing = Thing()
    strong, weak = there_and_back((thing, weakref.WeakValueDictionary(a=thing)))
    assert weak["a"] is strong


def test_factories_of_dictionaries_still_make():
    found = there_and_back(collections.defaultdict(lambda: {"new": True}, a=1))
    assert (found["a"], found["b"]) == (1, {"new": True})


def test_dictionaries_with_a_constructor_of_their_own():
    counter = Counter("eu-central-1", "1")
    counter["a"].append(3)
    found = there_and_back(counter)
    assert (type(found), found.region, found["a"], found["b"]) == (Counter, "eu-central-1", [3], [])


@pytest.mark.parametrize(
    "change", [lambda data: b"", lambda data: data[:-1], lambda data: b"x" + data, lambda data: data + b"x"]
)
def test_damaged_data_is_refused(change):
    with pytest.raises(SnapshotError):
        snapshot.load(change(snapshot.dump()))


def test_data_of_another_version_is_refused(monkeypatch):
    data = snapshot.dump()
    monkeypatch.setattr(snapshot.moto, "__version__", "0")
    with pytest.raises(SnapshotError, match="another version"):
        snapshot.load(data)
