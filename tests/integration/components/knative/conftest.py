"""A real API server with the admission policies, in namespaces that nothing else guards."""

import uuid

import pytest
import tenacity

from components.knative.admission.policies import binding_of, of_agents, of_functions, specs
from tests.admission import Gate
from tests.cluster import SECURE, cluster  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def gate(cluster):  # noqa: F811 - the fixture
    """Asks the API server about objects in two namespaces, of functions and of agents, that only the policies guard."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    home = f"{namespace}-logs"
    guarded = {namespace: of_functions(), home: of_agents(f"/var/lib/slipway/{home}")}
    names = [f"{place}.{subject}.slipway.io" for place, subjects in guarded.items() for subject in subjects]
    try:
        for place, subjects in guarded.items():
            cluster.apply(*_namespace(place, specs(subjects, {"K8": "mandatory"}, "mandatory")))
        yield _working(Gate(cluster.config.kubeconfig), namespace)
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            cluster.kubectl("delete", kind, *names, "--ignore-not-found")
        cluster.kubectl("delete", "namespace", *guarded, "--wait=false", "--ignore-not-found")


def _namespace(name, policies):
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for account in ("agent", "app"):
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": name}}
    for subject, spec in policies.items():
        policy = f"{name}.{subject}.slipway.io"
        for kind, about in (("", spec), ("Binding", binding_of(policy, name, ["Deny"]))):
            yield {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": f"ValidatingAdmissionPolicy{kind}",
                "metadata": {"name": policy},
                "spec": about,
            }


@tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.5), reraise=True)
def _working(gate, namespace):
    """A policy works a moment after it is made."""
    gate.namespace = namespace
    security = {**SECURE, "allowPrivilegeEscalation": True}
    container = {"name": "app", "image": "app", "securityContext": security}
    rule = {"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]}
    for place in (namespace, f"{namespace}-logs"):
        metadata = {"name": "app", "namespace": place}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}
        for document in (pod, role):
            assert not gate.ask(document).admitted
    return gate
