"""The one table of what the cluster judges: id of the rule in the policy pack, and the same rule in CEL.

Pods are judged by whatever makes them, so that whoever applies a Deployment is told, and once more themselves. Settings
of the whole pod are not believed in a Knative Service, because Knative drops them. The proxy that Knative puts beside a
function has its image from whoever runs the cluster.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One rule.

    Attributes:
        rule: Id of the rule in the policy pack.
        says: What is right, as a clause for whoever is refused.
        right: CEL expression that is true where nothing is wrong.
        advisory: Whether it is only said, where the environment does not say otherwise.
    """

    rule: str
    says: str
    right: str
    advisory: bool = False


PODS: Mapping[str, Sequence[str]] = {
    "": ("pods", "pods/ephemeralcontainers"),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "batch": ("cronjobs", "jobs"),
    "serving.knative.dev": ("services",),
}
"""Kinds that pods are made from, by API group."""

GUARDS: Mapping[str, Sequence[str]] = {
    "": ("namespaces",),
    "networking.k8s.io": ("networkpolicies",),
    "rbac.authorization.k8s.io": ("rolebindings", "roles"),
    "serving.knative.dev": ("services",),
}
"""Kinds that guard a namespace, and what leads into it."""

# Names for what several rules look at.
VARIABLES: Mapping[str, str] = {
    "pod": "object.kind == 'Pod' ? object.spec : object.kind == 'CronJob' ? "
    "object.spec.jobTemplate.spec.template.spec : object.spec.template.spec",
    "limited": "variables.pod.containers + variables.pod.?initContainers.orValue([])",
    "containers": "variables.limited + variables.pod.?ephemeralContainers.orValue([])",
    "shared": "variables.pod.?securityContext.orValue({})",
    "believed": "object.kind == 'Service' ? {} : variables.shared",
    "settings": "[variables.shared] + variables.containers.map(c, c.?securityContext.orValue({}))",
    "imaged": "variables.containers.filter(c, object.kind != 'Pod' || c.name != 'queue-proxy')",
}

_PROFILES = "['RuntimeDefault', 'Localhost']"
_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)
_SELINUX = ("", "container_engine_t", "container_init_t", "container_kvm_t", "container_t")
_HOOKS = ("lifecycle.?postStart", "lifecycle.?preStop", "livenessProbe", "readinessProbe", "startupProbe")


def _all(of: str, *right: str) -> str:
    return f"variables.{of}.all(c, {' && '.join(right)})"


def _texts(values: Sequence[str]) -> str:
    return str(list(values))


_NODE = (
    "!variables.pod.?hostNetwork.orValue(false)",
    "!variables.pod.?hostPID.orValue(false)",
    "!variables.pod.?hostIPC.orValue(false)",
    f"variables.shared.?sysctls.orValue([]).all(s, s.name in {_texts(_SYSCTLS)})",
    _all(
        "settings",
        f"c.?seLinuxOptions.?type.orValue('') in {_texts(_SELINUX)}",
        "c.?seLinuxOptions.?user.orValue('') == ''",
        "c.?seLinuxOptions.?role.orValue('') == ''",
        f"c.?appArmorProfile.?type.orValue('RuntimeDefault') in {_PROFILES}",
        "!c.?windowsOptions.?hostProcess.orValue(false)",
        "c.?procMount.orValue('Default') == 'Default'",
    ),
    _all(
        "containers",
        "c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0)",
        *(f"c.?{hook}.?{action}.?host.orValue('') == ''" for hook in _HOOKS for action in ("httpGet", "tcpSocket")),
    ),
)


def _node(folders: str = "false") -> str:
    """What may be asked of the node: nothing, but folders of it for which this is true."""
    kinds = " || ".join(f"has(v.{kind})" for kind in _VOLUMES)
    volumes = f"variables.pod.?volumes.orValue([]).all(v, {kinds} || {folders})"
    return " && ".join(f"({part})" for part in (volumes, *_NODE))


OF_PODS = (
    Control(
        rule="K1",
        says="containers must not run as root: set runAsNonRoot to true in each, and a runAsUser other than 0",
        right="variables.shared.?runAsUser.orValue(1) != 0 && "
        + _all(
            "containers",
            "c.?securityContext.?runAsNonRoot.orValue(variables.believed.?runAsNonRoot.orValue(false))",
            "c.?securityContext.?runAsUser.orValue(1) != 0",
        ),
    ),
    Control(
        rule="K2",
        says="containers must not gain privileges: set allowPrivilegeEscalation to false and leave privileged out",
        right=_all(
            "containers",
            "!c.?securityContext.?allowPrivilegeEscalation.orValue(true)",
            "!c.?securityContext.?privileged.orValue(false)",
        ),
    ),
    Control(
        rule="K3",
        says="containers must have no capabilities: drop ALL and add nothing but NET_BIND_SERVICE",
        right=_all(
            "containers",
            "c.?securityContext.?capabilities.?drop.orValue([]).exists(d, d == 'ALL')",
            "c.?securityContext.?capabilities.?add.orValue([]).all(a, a == 'NET_BIND_SERVICE')",
        ),
    ),
    Control(
        rule="K4",
        says="containers must have the seccompProfile RuntimeDefault or Localhost",
        right=f"variables.shared.?seccompProfile.?type.orValue('RuntimeDefault') in {_PROFILES} && "
        + _all(
            "containers",
            "c.?securityContext.?seccompProfile.?type.orValue(variables.believed.?seccompProfile.?type.orValue('')) in "
            + _PROFILES,
        ),
    ),
    Control(
        rule="K5",
        says="containers must not write to their own image: set readOnlyRootFilesystem to true",
        right=_all("containers", "c.?securityContext.?readOnlyRootFilesystem.orValue(false)"),
    ),
    Control(
        rule="K6",
        says="pods must have an account of their own and no token: set serviceAccountName, and "
        "automountServiceAccountToken to false",
        right="!(variables.pod.?serviceAccountName.orValue('') in ['', 'default']) && "
        "!variables.pod.?automountServiceAccountToken.orValue(true) && "
        "variables.pod.?volumes.orValue([]).all(v, v.?projected.?sources.orValue([]).all(s, "
        "!has(s.serviceAccountToken)))",
    ),
    Control(
        rule="K7",
        says="containers must say what they take at the most: set limits of cpu and memory",
        right=_all("limited", "c.?resources.?limits.?cpu.hasValue()", "c.?resources.?limits.?memory.hasValue()"),
    ),
    Control(
        rule="K8",
        says="images must be named as repository@sha256:<64 hex digits>",
        right=_all("imaged", r"c.image.matches('^[^@\\s]+@sha256:[0-9a-f]{64}$')"),
        advisory=True,
    ),
    Control(
        rule="K11",
        says="pods must ask for nothing of the node: see Pod Security `restricted`",
        right=_node(),
    ),
)
"""Rules about pods."""

_LOGS = "/var/log/pods"
_OF_AGENTS = ("K2", "K3", "K4", "K5", "K7", "K8")


def of_agents(state: str) -> Sequence[Control]:
    """Rules about agents that read logs on nodes: they are root there and have a token, and that is all.

    Args:
        state: The folder of the node that they may write to.
    """
    reads = (
        f"variables.pod.?volumes.orValue([]).filter(v, v.?hostPath.?path.orValue('') == '{_LOGS}').all(v, "
        "variables.containers.all(c, c.?volumeMounts.orValue([]).all(m, m.name != v.name || "
        "m.?readOnly.orValue(false))))"
    )
    folders = f"(has(v.hostPath) && v.hostPath.path in ['{_LOGS}', '{state}'])"
    return [
        *(control for control in OF_PODS if control.rule in _OF_AGENTS),
        Control(
            rule="K11",
            says=f"agents must ask for nothing of the node but {_LOGS}, to read, and {state}",
            right=f"{_node(folders)} && {reads}",
        ),
    ]


_PEER = (
    "(!has(p.namespaceSelector) || p.namespaceSelector.?matchLabels.orValue({}).size() > 0 || "
    "p.namespaceSelector.?matchExpressions.orValue([]).size() > 0) && "
    "(!has(p.ipBlock) || ['169.254.169.254', 'fd00:ec2::254'].all(a, !cidr(p.ipBlock.cidr).containsIP(a) || "
    "p.ipBlock.?except.orValue([]).exists(e, cidr(e).containsIP(a))))"
)
_CROWDS = (
    "system:anonymous",
    "system:authenticated",
    "system:masters",
    "system:serviceaccounts",
    "system:unauthenticated",
)

OF_GUARDS = (
    Control(
        rule="K11",
        says="the namespace must keep pod-security.kubernetes.io/enforce: restricted",
        right="object.kind != 'Namespace' || "
        "object.metadata.?labels[?'pod-security.kubernetes.io/enforce'].orValue('') == 'restricted'",
    ),
    Control(
        rule="K12",
        says="network policies must say where traffic goes, and leave 169.254.169.254 and fd00:ec2::254 out",
        right="object.kind != 'NetworkPolicy' || object.spec.?egress.orValue([]).all(r, "
        f"r.?to.orValue([]).size() > 0 && r.to.all(p, {_PEER}))",
    ),
    Control(
        rule="K13",
        says="roles must name what they allow, without *, bind, escalate and impersonate, and be given by name",
        right="(object.kind != 'Role' || object.?rules.orValue([]).all(r, "
        "r.?apiGroups.orValue([]).all(g, g != '*') && "
        "r.?resources.orValue([]).all(k, k != '*' && !k.startsWith('*/')) && "
        "r.?verbs.orValue([]).all(v, !(v in ['*', 'bind', 'escalate', 'impersonate'])))) && "
        "(object.kind != 'RoleBinding' || "
        "((object.roleRef.kind == 'Role' || !(object.roleRef.name in ['admin', 'cluster-admin', 'edit'])) && "
        f"object.?subjects.orValue([]).all(s, !(s.name in {_texts(_CROWDS)}) && "
        "!s.name.startsWith('system:serviceaccounts:'))))",
    ),
    Control(
        rule="K14",
        says="Knative Services must be labelled networking.knative.dev/visibility: cluster-local, or annotated "
        "slipway.io/public: 'true'",
        right="object.kind != 'Service' || "
        "object.metadata.?labels[?'networking.knative.dev/visibility'].orValue('') == 'cluster-local' || "
        "object.metadata.?annotations[?'slipway.io/public'].orValue('') == 'true'",
    ),
)
"""Rules about what guards a namespace, and what leads into it."""
