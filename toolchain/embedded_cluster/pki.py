"""Keys and certificates of the cluster: one authority, made once for each instance, read by nobody but root."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import os
import secrets
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from toolchain.embedded_cluster import network

if TYPE_CHECKING:
    from pathlib import Path

_VALID = dt.timedelta(days=3650)
_SKEW = dt.timedelta(hours=1)
_SECRET = 0o600
_RSA_BITS = 2048
_ADMIN_GROUP = "system:masters"

_SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    f"kubernetes.default.svc.{network.CLUSTER_DOMAIN}",
    network.NODE_NAME,
)
_SERVER_ADDRESSES = ("127.0.0.1", network.NODE_IP, network.API_SERVICE_IP)

CLIENTS = {
    "admin": ("slipway-admin", _ADMIN_GROUP),
    "kube-apiserver": ("kube-apiserver", _ADMIN_GROUP),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kube-proxy": ("system:kube-proxy", None),
    "kubelet": (f"system:node:{network.NODE_NAME}", "system:nodes"),
    "network-policies": ("slipway:network-policies", None),
    "supervisor": ("slipway-supervisor", _ADMIN_GROUP),
}
"""Who has a client certificate: common name and organization, which Kubernetes reads as user and group."""


@dataclasses.dataclass(frozen=True, slots=True)
class ClientFiles:
    """Files of one client.

    Attributes:
        authority: Certificate of the authority.
        certificate: The client's certificate.
        key: Its key.
    """

    authority: Path
    certificate: Path
    key: Path


@dataclasses.dataclass(frozen=True, slots=True)
class Pki:
    """The keys and certificates in one folder; made by `ensure`.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    @property
    def authority(self) -> Path:
        """Certificate of the authority; pods get it as `ca.crt`."""
        return self.folder / "ca.crt"

    @property
    def service_accounts(self) -> Path:
        """Key that signs service account tokens."""
        return self.folder / "service-accounts.key"

    def certificate(self, name: str) -> Path:
        """Certificate of a server or client."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Key of a server or client."""
        return self.folder / f"{name}.key"

    def client(self, name: str) -> ClientFiles:
        """Files of a client from `CLIENTS`."""
        return ClientFiles(self.authority, self.certificate(name), self.key(name))

    def ensure(self) -> None:
        """Make everything that is missing; all of it anew when it was not completed before."""
        complete = self.folder / "complete"
        wanted = "\n".join(sorted(CLIENTS))
        if complete.is_file() and complete.read_text(encoding="utf-8") == wanted:
            return
        complete.unlink(missing_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key)
        _write(self.authority, authority.public_bytes(serialization.Encoding.PEM))
        for name, (user, group) in CLIENTS.items():
            self._issue(name, _name(user, group), authority, authority_key, serves=False)
        for server in ("server", "kubelet-server", "etcd-server"):
            self._issue(server, _name(network.NODE_NAME, None), authority, authority_key, serves=True)
        if not self.service_accounts.exists():
            _write(self.service_accounts, _pem(rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)))
        _write(complete, wanted.encode())

    def _issue(
        self,
        name: str,
        subject: x509.Name,
        issuer: x509.Certificate,
        signer: ec.EllipticCurvePrivateKey,
        *,
        serves: bool,
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        # etcd's own client side uses its server certificate too, hence both usages for servers.
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if serves else [])]
        builder = (
            _builder(subject, issuer.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if serves:
            names: list[x509.GeneralName] = [x509.DNSName(value) for value in _SERVER_NAMES]
            names += [x509.IPAddress(ipaddress.ip_address(value)) for value in _SERVER_ADDRESSES]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(signer, hashes.SHA256())
        _write(self.key(name), _pem(key))
        _write(self.certificate(name), certificate.public_bytes(serialization.Encoding.PEM))


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = _name(f"slipway-embedded-cluster-{secrets.token_hex(4)}", None)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _VALID)
    )


def _name(common: str, organization: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
