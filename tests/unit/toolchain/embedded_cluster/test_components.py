import pytest

from toolchain.embedded_cluster.components import components, environment

LISTENERS = {"api": 5, "http": 6, "registry": 7, "loki": 8}


@pytest.fixture
def parts(config):
    return {part.name: part for part in components(config, LISTENERS)}


def test_the_relay_leads_to_all_that_is_reached_from_outside_and_inherits_the_sockets(parts):
    relay = parts["relay"]
    assert relay.command[-4:] == ("5=10.250.0.1:6443", "6=10.96.0.80:80", "7=127.0.0.1:4614", "8=10.250.0.1:3100")
    assert relay.keeps == (5, 6, 7, 8)
    assert all(part.keeps == () for name, part in parts.items() if name != "relay")


def test_what_one_waits_for_exists_and_starts_before_it(parts):
    seen = set()
    for name, part in parts.items():
        assert set(part.after) <= seen
        seen.add(name)


def test_the_kubelet_waits_until_stale_readiness_is_taken_back(parts):
    assert parts["prepare"].once
    assert set(parts["kubelet"].after) == {"containerd", "prepare"}


def test_nobody_but_relay_and_prepare_goes_without_a_probe(parts):
    assert {name for name, part in parts.items() if part.probe is None} == {"relay", "prepare"}


def test_etcd_speaks_to_nobody_without_a_certificate(parts):
    command = parts["etcd"].command
    assert "--client-cert-auth" in command
    assert "--listen-client-urls=https://127.0.0.1:2379" in command


def test_the_api_server_authorizes_nodes_and_roles(parts):
    assert "--authorization-mode=Node,RBAC" in parts["kube-apiserver"].command
    assert "--advertise-address=10.250.0.1" in parts["kube-apiserver"].command


def test_own_programs_come_before_the_machines(config):
    path = environment(config)["PATH"].split(":")
    assert path[0] == str(config.binaries["iptables"])
    assert path.index("/programs") < path.index("/usr/sbin")
    assert environment(config)["TMPDIR"].startswith("/run/")
