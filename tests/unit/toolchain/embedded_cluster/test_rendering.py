import base64
import json
import tomllib

import pytest
import yaml

from toolchain.embedded_cluster import network, rendering


@pytest.fixture
def rendered(config):
    config.pki.ensure()
    rendering.write_all(config, snapshotter="native", pause_image="slipway.internal/pause:1")
    return config.rendered


def test_containerd_has_folders_of_its_own_and_what_this_kind_of_machine_needs(config, rendered):
    found = tomllib.loads((rendered / "containerd.toml").read_text())
    cri = found["plugins"]["io.containerd.grpc.v1.cri"]
    assert found["version"] == 2
    assert found["root"] == str(config.data / "containerd")
    assert found["state"] == "/run/slipway/containerd"
    assert cri["sandbox_image"] == "slipway.internal/pause:1"
    assert cri["restrict_oom_score_adj"] is True
    assert cri["disable_apparmor"] is True
    assert cri["containerd"]["snapshotter"] == "native"
    options = cri["containerd"]["runtimes"]["runc"]["options"]
    assert options == {"BinaryName": "/programs/runc", "SystemdCgroup": False}
    assert cri["cni"] == {"bin_dir": str(config.binaries["cni"]), "conf_dir": str(rendered / "cni")}


def test_a_path_with_quotes_is_a_path_in_toml(config):
    import dataclasses

    odd = dataclasses.replace(config, state=config.state / 'a "quoted" \\ folder')
    found = tomllib.loads(rendering.containerd(odd, "overlayfs", "pause"))
    assert found["root"] == str(odd.data / "containerd")


def test_pods_get_addresses_of_the_bridge_and_the_node_is_their_gateway(rendered):
    found = json.loads((rendered / "cni" / "10-slipway.conflist").read_text())
    bridge, portmap = found["plugins"]
    assert bridge["bridge"] == network.BRIDGE
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.250.0.0/16", "gateway": "10.250.0.1"}]]
    assert bridge["ipam"]["dataDir"].startswith("/run/"), "a restart must forget addresses"
    assert portmap["type"] == "portmap"


def test_kubelet_keeps_its_pods_below_our_control_group_and_evicts_none_for_a_full_disk(config, rendered):
    found = yaml.safe_load((rendered / "kubelet.yaml").read_text())
    assert found["cgroupRoot"] == config.cgroup
    assert found["cgroupDriver"] == "cgroupfs"
    assert found["clusterDNS"] == [network.DNS_IP]
    assert found["authentication"]["anonymous"] == {"enabled": False}
    assert found["failSwapOn"] is False
    assert found["evictionHard"]["nodefs.available"] == "0%"
    assert found["imageGCHighThresholdPercent"] == 100
    assert found["enforceNodeAllocatable"] == []


def test_kube_proxy_leaves_the_machines_connection_tracking_alone(rendered):
    found = yaml.safe_load((rendered / "kube-proxy.yaml").read_text())
    assert found["mode"] == "iptables"
    assert found["conntrack"] == {
        "maxPerCore": 0,
        "min": 0,
        "tcpEstablishedTimeout": "0s",
        "tcpCloseWaitTimeout": "0s",
    }


def test_registry_keeps_images_in_the_data_folder_and_listens_on_loopback(config, rendered):
    found = yaml.safe_load((rendered / "registry.yaml").read_text())
    assert found["storage"]["filesystem"] == {"rootdirectory": str(config.data / "registry")}
    assert found["http"] == {"addr": "127.0.0.1:4614"}


def test_access_for_people_carries_its_keys_and_goes_through_the_relay(config, rendered):
    del rendered
    found = yaml.safe_load(config.kubeconfig.read_text())
    assert found["current-context"] == "slipway"
    assert found["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:4612"
    key = base64.b64decode(found["users"][0]["user"]["client-key-data"])
    assert key == config.pki.key("admin").read_bytes()
    assert config.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_components_reach_the_api_server_inside(rendered):
    found = yaml.safe_load((rendered / "kubelet.kubeconfig").read_text())
    assert found["clusters"][0]["cluster"]["server"] == "https://10.250.0.1:6443"
    assert (rendered / "kubelet.kubeconfig").stat().st_mode & 0o777 == 0o600


def test_the_log_store_listens_for_pods_alone_and_keeps_its_data_with_the_instance(config):
    found = rendering.loki(config)
    assert (found["server"]["http_listen_address"], found["server"]["http_listen_port"]) == ("10.250.0.1", 3100)
    assert found["server"]["grpc_listen_address"] == "127.0.0.1"
    assert found["common"]["path_prefix"] == str(config.data / "loki")
    assert found["limits_config"]["allow_structured_metadata"] is True
    assert found["analytics"] == {"reporting_enabled": False}
