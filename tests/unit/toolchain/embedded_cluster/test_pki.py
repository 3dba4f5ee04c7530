import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from toolchain.embedded_cluster.pki import CLIENTS, Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    made = Pki(tmp_path_factory.mktemp("pki"))
    made.ensure()
    return made


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


@pytest.mark.parametrize("name", ["127.0.0.1", "10.250.0.1", "10.96.0.1"])
def test_the_server_is_trusted_at_every_address_it_is_called_by(pki, name):
    store = Store([load(pki.authority)])
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.IPAddress(ipaddress.ip_address(name)))
    assert verifier.verify(load(pki.certificate("server")), [])


def test_the_server_is_trusted_by_its_name_in_the_cluster(pki):
    verifier = (
        PolicyBuilder()
        .store(Store([load(pki.authority)]))
        .build_server_verifier(x509.DNSName("kubernetes.default.svc"))
    )
    assert verifier.verify(load(pki.certificate("server")), [])


def test_the_kubelet_is_the_node_and_nothing_more(pki):
    subject = load(pki.certificate("kubelet")).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "system:node:slipway"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:nodes"


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_clients_cannot_pose_as_servers(pki, name):
    usage = load(pki.certificate(name)).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_only_root_reads_keys(pki):
    assert {path.stat().st_mode & 0o777 for path in pki.folder.iterdir()} == {0o600}


def test_a_complete_folder_stays_and_half_of_one_is_made_anew(tmp_path):
    made = Pki(tmp_path / "pki")
    made.ensure()
    first = made.authority.read_bytes()
    made.ensure()
    assert made.authority.read_bytes() == first
    tokens = made.service_accounts.read_bytes()
    (made.folder / "complete").unlink()
    made.ensure()
    assert made.authority.read_bytes() != first
    assert made.service_accounts.read_bytes() == tokens, "tokens of pods stay good"
