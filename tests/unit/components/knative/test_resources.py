import pytest

from components.knative.resources import namespace_of
from components.knative.template import cpu_of


@pytest.mark.parametrize(
    ("address", "namespace"),
    [
        ("http://billing.team-b.svc.cluster.local", "team-b"),
        ("http://billing.team-b.svc.cluster.local.:8080/path", "team-b"),
        ("http://billing.team-b.svc", "team-b"),
        ("https://billing.example.com", None),
        ("https://svc.example", None),
        ("http://10.0.0.1:80", None),
        ("", None),
    ],
)
def test_addresses_inside_the_cluster(address, namespace):
    assert namespace_of(address) == namespace


@pytest.mark.parametrize(
    ("memory", "request_", "limit"),
    [(128, "10m", "1"), (256, "14m", "1"), (1769, "100m", "1"), (3538, "200m", "2"), (10240, "578m", "5789m")],
)
def test_processor_time_follows_memory(memory, request_, limit):
    assert cpu_of(memory) == (request_, limit)
