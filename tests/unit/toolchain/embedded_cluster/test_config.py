import dataclasses

from toolchain.embedded_cluster.config import Config


def test_settings_survive_the_way_to_the_supervisor(config):
    assert Config.from_json(config.to_json()) == config


def test_addresses_are_on_loopback(config):
    moved = dataclasses.replace(config, api_port=5001, http_port=5002, registry_port=5003, loki_port=5004)
    assert moved.api_url == "https://127.0.0.1:5001"
    assert moved.entry_url == "http://127.0.0.1:5002"
    assert moved.registry == "127.0.0.1:5003"
    assert moved.loki_url == "http://127.0.0.1:5004"
    assert moved.ports == {"api": 5001, "http": 5002, "registry": 5003, "loki": 5004}


def test_another_port_or_program_needs_a_restart_and_the_same_settings_none(config):
    assert dataclasses.replace(config).digest() == config.digest()
    assert dataclasses.replace(config, http_port=1).digest() != config.digest()
    newer = config.binaries | {"etcd": config.state / "etcd"}
    assert dataclasses.replace(config, binaries=newer).digest() != config.digest()


def test_clusters_of_two_checkouts_never_share_control_groups(config):
    other = dataclasses.replace(config, state=config.state / "other")
    assert config.cgroup != other.cgroup
    assert config.cgroup.startswith("/slipway-")
