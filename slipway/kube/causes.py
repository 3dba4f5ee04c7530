"""Known causes of failures on Kubernetes and Knative.

By messages of the API server 1.34, client-go, kubelet with containerd 1.6, Knative 1.21, and Pulumi's Kubernetes
provider 4.25.
"""

from __future__ import annotations

from slipway.running.causes import Cause, cause

_LOOPBACK = r"(?:127\.0\.0\.1|localhost|\[::1\])"
_API = r"(?:api|apis|openapi|version|readyz)\b"
_NO_ANSWER = (
    r"(?:connection refused|connection reset|client connection lost|\bEOF\b|i/o timeout|TLS handshake timeout|"
    r"no route to host|Client\.Timeout exceeded|context deadline exceeded)"
)
_PULL = r"(?:ErrImagePull|ImagePullBackOff|[Ff]ailed to pull|[Uu]nable to fetch image)"

# The first that matches wins: the precise before the general.
KUBE_CAUSES: tuple[Cause, ...] = (
    cause(
        "quota-exceeded",
        r"exceeded quota: |must specify (?:limits|requests)\.",
        "the quota of the namespace is used up",
        "raise it (`slipway:guardrails: quota` in stacks/Pulumi.{stack}.yaml, or whoever set it on the namespace), or "
        "lower `memory` or `scale` of functions",
    ),
    cause(
        "registry-down",
        rf"{_PULL}.{{0,1500}}?(?:connection refused|connection reset|no such host|i/o timeout|no route to host|"
        r"TLS handshake timeout|50\d [A-Z])",
        "the registry of the image does not answer from inside the cluster",
        "start it or check its address (`slipway:registry` in stacks/Pulumi.{stack}.yaml; the embedded one comes with "
        "`slipway cluster up`), then run `slipway up -s {stack}` again",
    ),
    cause(
        "pull-denied",
        rf"{_PULL}.{{0,1500}}?(?:unauthorized|authentication required|denied|\b401\b|\b403\b)",
        "the cluster may not pull the image from its registry",
        "give the namespace's service accounts a pull secret for that registry, or let the nodes pull from it",
    ),
    cause(
        "image-missing",
        rf"{_PULL}.{{0,1500}}?(?:not found|= NotFound|manifest unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|does not exist|"
        r"\b404\b)",
        "the image is not in the registry",
        "run `slipway up -s {stack}` again, which pushes what is missing; an image that function.yaml names has to be "
        "pushed by whoever builds it",
    ),
    cause(
        "image-not-pulled",
        rf"{_PULL}|InvalidImageName",
        "the image cannot be pulled",
        "see what the cluster says about it above",
    ),
    cause(
        "unschedulable",
        r"Unschedulable|nodes are available: |Insufficient (?:cpu|memory)",
        "no node of the cluster has room for the pod",
        "lower `memory` or `scale` of functions, remove what is not used, or add a node",
    ),
    cause(
        "secret-missing",
        r"CreateContainerConfigError|(?:secret|configmap) \"[^\"]+\" not found|couldn't find key ",
        "a secret that the function names is not in the namespace",
        "create it there (`kubectl create secret`), or correct `slipway:resources: secret` in "
        "stacks/Pulumi.{stack}.yaml",
    ),
    cause(
        "out-of-memory",
        r"OOMKilled",
        "the function needs more memory than it has",
        "raise `memory` in its function.yaml",
    ),
    cause(
        "function-crashes",
        r"CrashLoopBackOff|exited with (?:code|status) |container .{0,80}failed with|RunContainerError|StartError",
        "the function ends right after its start",
        "its last words are above; mend it, then run `slipway up -s {stack}` again",
    ),
    cause(
        "never-ready",
        r"[Rr]eadiness probe failed|[Ss]tartup probe failed|ContainersNotReady|ProgressDeadlineExceeded|"
        r"timed out waiting for the condition|timed out waiting to be Ready|failed to initialize|"
        r"Initial scale was never achieved",
        "it was deployed, but did not get ready in time",
        "see what is said about it above, and `slipway logs NAME -s {stack}`; the version before it goes on answering",
    ),
    cause(
        "webhook-broken",
        r"failed calling webhook|failed to call webhook|conversion webhook for .{0,200} failed",
        "a webhook of the cluster, through which every change goes, does not answer",
        "look at the pods of the namespace that is named above; `slipway cluster up` heals the embedded cluster. Then "
        "run `slipway up -s {stack}` again",
    ),
    cause(
        "webhook-refused",
        r"admission webhook \"[^\"]+\" denied the request|ValidatingAdmissionPolicy .{0,80}denied|violates PodSecurity",
        "a rule of the cluster refuses it",
        "see the rule above; what Slipway makes keeps to the restricted Pod Security Standard",
    ),
    cause(
        "namespace-terminating",
        r"because it is being terminated|is being deleted: namespaces",
        "the namespace is being deleted",
        "wait until it is gone (`kubectl get namespace` shows what it waits for), then run `slipway up -s {stack}`",
    ),
    cause(
        "cluster-credentials",
        r"Unauthorized|You must be logged in to the server|getting credentials: exec|"
        r"x509: certificate has expired",
        "the cluster does not know these credentials, or they have expired",
        "sign in to the cluster again; `kubectl auth whoami` with the same context shows who you are",
    ),
    cause(
        "cluster-forbidden",
        r"is forbidden: User |cannot (?:get|list|watch|create|update|patch|delete) resource ",
        "the credentials do not allow this call to the cluster",
        "have the verb and the resource named above allowed for that user (`kubectl auth can-i --list` shows what is)",
    ),
    cause(
        "no-context",
        r"context \"[^\"]*\" does not exist|context was not found|no configuration has been provided|"
        r"Invalid kube-config",
        "the kubeconfig does not have that context",
        "check `slipway:kubeContext` in stacks/Pulumi.{stack}.yaml against `kubectl config get-contexts` (KUBECONFIG)",
    ),
    cause(
        "no-knative",
        r"no matches for kind \"[^\"]+\" in version \"[\w.]*knative\.dev|"
        r"could not find the requested resource.{0,200}knative",
        "the cluster does not serve Knative",
        "install Knative Serving and Eventing there; `slipway cluster up` does so for the embedded cluster",
    ),
    cause(
        "field-conflict",
        r"field conflict detected|Apply failed with \d+ conflict",
        "something else has set the same field and claims it",
        "remove it there (`kubectl get -o yaml --show-managed-fields` shows who), or leave it to Slipway",
    ),
    cause(
        "service-down",
        r"error trying to reach service|no endpoints available for service",
        "what the API server should pass the request on to does not answer",
        "look at its pods (Knative's gateway, or the environment's dead letters); `slipway cluster up` heals the "
        "embedded cluster",
    ),
    cause(
        "cluster-tls",
        r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|certificate signed by unknown authority",
        "the cluster's certificate is not the one that the kubeconfig trusts",
        "get the cluster's current kubeconfig; `slipway cluster up` writes that of the embedded cluster",
    ),
    cause(
        "embedded-cluster-down",
        rf"https://{_LOOPBACK}:\d+/{_API}.{{0,600}}?{_NO_ANSWER}|"
        rf"{_NO_ANSWER}.{{0,100}}https://{_LOOPBACK}:\d+/{_API}|"
        rf"HTTPSConnectionPool\(host='{_LOOPBACK}'",
        "the embedded cluster is not running, or its API server is not",
        "run `slipway cluster up`, then the same command again",
    ),
    cause(
        "cluster-unreachable",
        rf"Kubernetes cluster is unreachable|due to unreachable cluster|https://[^\s\"]+/{_API}[^\n]{{0,600}}?{_NO_ANSWER}|"
        r"HTTPSConnectionPool\(host=|the server is currently unable to handle the request|apiserver not ready|"
        r"etcdserver: ",
        "the cluster's API server does not answer",
        "check the network and the context (`kubectl version`), then run the same command again; "
        "`slipway cluster up` heals the embedded cluster",
    ),
)
