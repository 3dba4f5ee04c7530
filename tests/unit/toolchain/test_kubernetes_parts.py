import re

import pytest

from toolchain import cluster_parts, kubernetes_parts

GO_MOD = (kubernetes_parts.provider().modules.folder / "go.mod").read_text()
PARTS = (kubernetes_parts.provider(), *kubernetes_parts.cluster())
CONTRACT = """
etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl coredns crane network-policies
serving-activator serving-autoscaler serving-controller serving-queue serving-webhook kourier eventing-controller
eventing-webhook broker-filter broker-ingress imc-controller imc-dispatcher mt-broker-controller mtping pause envoy
containerd containerd-shim-runc-v2 ctr runc cni iptables conntrack mmdebstrap ip
config/serving config/networking config/caching config/net-kourier config/eventing
"""


def pinned(module):
    return re.search(rf"^\t(?:{re.escape(module)} => )?{re.escape(module)} v(\S+)", GO_MOD, re.MULTILINE)[1]


def test_every_program_of_the_cluster_is_offered():
    assert set(CONTRACT.split()) <= set(cluster_parts.names())
    assert "buildah" not in cluster_parts.names()
    assert "buildah" in cluster_parts.names(buildah=True)


def test_no_name_is_offered_twice():
    names = cluster_parts.names(buildah=True)
    assert len(set(names)) == len(names)


def test_all_are_built_from_one_module_set():
    assert len({part.modules.folder for part in PARTS}) == 1


@pytest.mark.parametrize(
    ("part", "module"),
    [
        ("kubernetes", "k8s.io/kubernetes"),
        ("etcd", "go.etcd.io/etcd/server/v3"),
        ("coredns", "github.com/coredns/coredns"),
        ("crane", "github.com/google/go-containerregistry"),
        ("network-policies", "sigs.k8s.io/kube-network-policies"),
    ],
)
def test_versions_are_those_of_the_module_set(part, module):
    assert next(found.version for found in PARTS if found.name == part) == pinned(module)


def test_all_modules_of_kubernetes_have_one_version():
    replaced = re.findall(r"^\tk8s\.io/[\w-]+ => k8s\.io/[\w-]+ v(\S+)$", GO_MOD, re.MULTILINE)
    assert len(replaced) > 20
    assert set(replaced) == {kubernetes_parts.KUBERNETES.replace("1.", "0.", 1)}


def test_main_packages_of_modules_are_tools_of_the_set():
    block = re.search(r"^tool \(\n(.*?)^\)", GO_MOD, re.MULTILINE | re.DOTALL)[1]
    wanted = {package for part in PARTS for package in part.modules.packages if not package.startswith("./")}
    assert wanted == set(block.split())


def test_ours_are_folders_of_the_set():
    for part in PARTS:
        for package in part.modules.packages:
            if package.startswith("./"):
                assert (part.modules.folder / package / "main.go").is_file(), package


def test_binaries_of_the_server_tell_the_version_that_knative_asks_for():
    kubernetes = next(part for part in PARTS if part.name == "kubernetes")
    variables = dict(kubernetes.modules.variables)
    prefix = "k8s.io/component-base/version"
    assert variables[f"{prefix}.gitVersion"] == f"v{kubernetes_parts.KUBERNETES}"
    assert (variables[f"{prefix}.gitMajor"], variables[f"{prefix}.gitMinor"]) == ("1", "34")


def test_files_of_a_part_are_what_its_module_set_builds():
    for part in PARTS:
        built = (part.binary, *(name for name, _ in part.modules.more))
        assert part.files == built, part.name
