"""Messages as the engine, Terraform's AWS provider and botocore really wrote them, and what people read instead."""

import errno

import pytest

from slipway.core.errors import EngineError
from slipway.engine.diagnose import CAUSES, cause_of, explain, files_of, readable
from slipway.engine.steps import Diagnostic

ROLE = "urn:pulumi:local::slipway::slipway:index:Environment$slipway:index:Function$aws:iam/role:Role::hello-role"
FUNCTION = "urn:pulumi:local::slipway::slipway:index:Environment$aws:lambda/function:Function::hello"

MESSAGES = [
    (
        "throttled",
        "1 error occurred:\n\t* reading Lambda Function (slipway-local-hello): operation error Lambda: GetFunction, exceeded maximum number of attempts, 2, https response error StatusCode: 429, RequestID: b08195f3-2c63-4a29-9335-5b66fd564927, TooManyRequestsException: Rate exceeded",
    ),
    (
        "throttled",
        "An error occurred (ThrottlingException) when calling the Invoke operation (reached max retries: 4): Rate exceeded",
    ),
    (
        "aws-failure",
        "reading SQS Queue (http://127.0.0.1:4710/123456789012/slipway-local-hello-failures): operation error SQS: GetQueueAttributes, exceeded maximum number of attempts, 2, https response error StatusCode: 500, RequestID: 43e49a24, api error InternalServerError: An internal error occurred",
    ),
    (
        "aws-failure",
        "operation error CloudWatch Logs: DescribeLogGroups, https response error StatusCode: 503, RequestID: 69fb, api error ServiceUnavailable: The service is unavailable",
    ),
    (
        "expired-credentials",
        "operation error IAM: GetRole, https response error StatusCode: 403, RequestID: f4df, api error ExpiredToken: The security token included in the request is expired",
    ),
    (
        "expired-credentials",
        "An error occurred (ExpiredTokenException) when calling the GetCallerIdentity operation: The security token included in the request is expired",
    ),
    (
        "access-denied",
        "operation error Lambda: GetFunction, https response error StatusCode: 403, RequestID: e4c6, api error AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: lambda:GetFunction on resource: x",
    ),
    (
        "bad-credentials",
        "operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 1, api error InvalidClientTokenId: The security token included in the request is invalid.",
    ),
    ("no-credentials", "Unable to locate credentials"),
    (
        "no-credentials",
        "No valid credential sources found. Please see https://registry.terraform.io/providers/hashicorp/aws",
    ),
    ("wrong-account", "AWS account ID not allowed: 999999999999"),
    ("wrong-region", "invalid AWS Region: eu-middle-1"),
    (
        "wrong-region",
        "api error AuthorizationHeaderMalformed: The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'",
    ),
    (
        "local-aws-down",
        'operation error IAM: GetRole, exceeded maximum number of attempts, 25, https response error StatusCode: 0, RequestID: , request send failed, Post "http://127.0.0.1:4610/": dial tcp 127.0.0.1:4610: connect: connection refused',
    ),
    (
        "local-aws-down",
        'Could not connect to the endpoint URL: "http://127.0.0.1:4610/2015-03-31/functions/x/invocations"',
    ),
    (
        "local-aws-down",
        "HTTPConnectionPool(host='127.0.0.1', port=4611): Max retries exceeded with url: /hello (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object>: Failed to establish a new connection: [Errno 111] Connection refused'))",
    ),
    (
        "unreachable",
        'request send failed, Post "https://iam.amazonaws.com/": dial tcp: lookup iam.amazonaws.com on 10.0.0.2:53: no such host',
    ),
    (
        "already-exists",
        "operation error SQS: CreateQueue, https response error StatusCode: 400, RequestID: 1, QueueNameExists: A queue already exists with the same name and a different value for attribute",
    ),
    (
        "already-exists",
        "operation error IAM: CreateRole, https response error StatusCode: 409, RequestID: 1, EntityAlreadyExists: Role with name x already exists.",
    ),
    (
        "quota",
        "operation error Lambda: CreateFunction, https response error StatusCode: 400, api error CodeStorageExceededException: Code storage limit exceeded.",
    ),
    (
        "disk-full",
        "saving checkpoint: write /srv/.slipway/state/.pulumi/stacks/slipway/local.json.gz: no space left on device",
    ),
    ("disk-full", "OSError: [Errno 28] No space left on device: '/home/a/.cache/slipway/packages/x.zip'"),
    (
        "state-locked",
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
    ),
    (
        "missing-passphrase",
        "error: getting stack configuration: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
    ),
    ("wrong-passphrase", "error: getting secrets manager: incorrect passphrase"),
    (
        "missing-plugin",
        "no resource plugin 'pulumi-resource-aws' found in the workspace at version v7.21.0 or on your $PATH",
    ),
    (
        "missing-plugin",
        "error: failed to load language plugin python: could not read plugin [/x/pulumi-language-python]: exit status 255",
    ),
    (
        "killed",
        "rpc error: code = Unavailable desc = error reading from server: read tcp 127.0.0.1:50396->127.0.0.1:38817: read: connection reset by peer",
    ),
    (
        "killed",
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:38383: connect: connection refused"',
    ),
    (
        "protected",
        'unable to delete resource "urn:pulumi:prod::slipway::aws:kms/key:Key::prod-key"\nas it is currently marked for protection. To unprotect the resource, remove the `protect` flag',
    ),
    ("broken-state", "error: failed to load checkpoint: unexpected end of JSON input"),
    (
        "quota-exceeded",
        'ReplicaFailure: FailedCreate: pods "hello-00001-deployment-x" is forbidden: exceeded quota: slipway, requested: limits.memory=256Mi, used: limits.memory=1Gi, limited: limits.memory=1Gi',
    ),
    (
        "image-missing",
        'ImagePullBackOff: Back-off pulling image "127.0.0.1:4614/hello@sha256:00": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "127.0.0.1:4614/hello@sha256:00": failed to resolve reference "127.0.0.1:4614/hello@sha256:00": 127.0.0.1:4614/hello@sha256:00: not found',
    ),
    (
        "registry-down",
        'ErrImagePull: rpc error: code = Unknown desc = failed to pull and unpack image "127.0.0.1:4614/hello@sha256:00": failed to do request: Head "http://127.0.0.1:4614/v2/hello/manifests/sha256:00": dial tcp 127.0.0.1:4614: connect: connection refused',
    ),
    (
        "pull-denied",
        'ErrImagePull: failed to pull and unpack image "registry.example.com/x@sha256:00": failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized',
    ),
    ("image-not-pulled", 'InvalidImageName: Failed to apply default image tag "a:b:c"'),
    (
        "unschedulable",
        "Unschedulable: 0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available",
    ),
    ("secret-missing", 'CreateContainerConfigError: secret "orders-db" not found'),
    ("out-of-memory", "OOMKilled: user-container exited with code 137"),
    (
        "function-crashes",
        "CrashLoopBackOff: back-off 10s restarting failed container=user-container pod=hello-00001",
    ),
    ("never-ready", "timed out waiting for the condition"),
    ("never-ready", "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503"),
    (
        "webhook-broken",
        'Internal error occurred: failed calling webhook "webhook.serving.knative.dev": failed to call webhook: Post "https://webhook.knative-serving.svc:443/defaulting?timeout=10s": no endpoints available for service "webhook"',
    ),
    (
        "webhook-refused",
        'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: expected 0 <= 70000 <= 600: spec.template.spec.timeoutSeconds',
    ),
    (
        "namespace-terminating",
        'serviceaccounts "hello" is forbidden: unable to create new content in namespace shop because it is being terminated',
    ),
    ("cluster-credentials", "configured Kubernetes cluster is unreachable: the server has asked: Unauthorized"),
    (
        "cluster-forbidden",
        'services.serving.knative.dev "hello" is forbidden: User "ci" cannot patch resource "services" in API group "serving.knative.dev" in the namespace "shop"',
    ),
    ("no-context", 'configured Kubernetes cluster is unreachable: context "team-dev" does not exist'),
    ("no-knative", 'no matches for kind "Service" in version "serving.knative.dev/v1"'),
    (
        "field-conflict",
        'Server-Side Apply field conflict detected. The resource managed by field manager "slipway" had an apply conflict: Apply failed with 1 conflict: conflict with "kubectl-edit"',
    ),
    ("service-down", "error trying to reach service: dial tcp 10.250.0.9:8012: connect: connection refused"),
    (
        "cluster-tls",
        'Get "https://k8s.example.com/version": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ),
    (
        "embedded-cluster-down",
        'configured Kubernetes cluster is unreachable: unable to load schema information from the API server: Get "https://127.0.0.1:4612/openapi/v2?timeout=32s": dial tcp 127.0.0.1:4612: connect: connection refused',
    ),
    (
        "cluster-unreachable",
        'configured Kubernetes cluster is unreachable: unable to load schema information from the API server: Get "https://k8s.example.com:6443/openapi/v2?timeout=32s": dial tcp 10.0.0.1:6443: i/o timeout',
    ),
    (
        "program-failed",
        "Program failed with an unhandled exception:\nTraceback (most recent call last):\n  File \"x\", line 1\nKeyError: 'a'",
    ),
]


@pytest.mark.parametrize(("rule", "message"), MESSAGES)
def test_each_known_message_has_its_cause(rule, message):
    found = cause_of(message)
    assert found is not None
    assert found.rule == rule


def test_every_cause_has_a_message_here():
    assert {cause.rule for cause in CAUSES} == {rule for rule, _ in MESSAGES}


def test_every_remedy_can_be_filled_in():
    for cause in CAUSES:
        assert "{" not in cause.remedy.format(stack="local")


def test_an_unknown_message_has_no_cause():
    assert cause_of("the moon is full") is None


def test_a_providers_message_becomes_one_line_in_awss_words():
    text = readable(
        "refreshing urn:pulumi:local::slipway::aws:x:Y::z: 1 error occurred:\n\t* reading IAM Role (slipway-local-hello): operation error IAM: GetRole, https response error StatusCode: 403, RequestID: f4dfc5c1, api error ExpiredToken: The security token included in the request is expired"
    )
    assert text == (
        "reading IAM Role (slipway-local-hello): IAM GetRole answered (403): "
        "ExpiredToken: The security token included in the request is expired"
    )


def test_what_the_kubernetes_provider_says_of_what_is_not_ready_is_short():
    text = readable(
        f'resource "{FUNCTION}" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: timed out waiting for the condition'
    )
    assert text == "was created, but does not get ready: timed out waiting for the condition"


def test_an_error_is_told_once_with_who_what_and_what_to_do():
    said = "1 error occurred:\n\t* creating IAM Role (x): operation error IAM: CreateRole, https response error StatusCode: 403, RequestID: 1, api error ExpiredToken: expired"
    log = "sdk-v2/provider2.go:572: sdk.helper_schema: " + said + ": provider=aws@7.21.0"
    text = explain(
        [
            Diagnostic(severity="error", message=log, urn=ROLE),
            Diagnostic(severity="error", message=said, urn=ROLE),
            Diagnostic(severity="error", message="update failed"),
            Diagnostic(
                severity="error", message="an unhandled error occurred: program exited with non-zero exit code: 1"
            ),
            Diagnostic(severity="warning", message="be careful", urn=ROLE),
        ],
        "",
        "local",
    )
    first, second = text.split("\n")
    assert first == "hello-role: creating IAM Role (x): IAM CreateRole answered (403): ExpiredToken: expired"
    assert second.startswith("the credentials have expired; what to do: sign in again")


def test_the_status_that_only_the_log_line_has_still_finds_the_cause():
    text = explain(
        [
            Diagnostic(
                severity="error",
                message="x.go:1: operation error X: Y, https response error StatusCode: 429, z",
                urn=FUNCTION,
            ),
            Diagnostic(severity="error", message="creating X: operation error X: Y, , RequestID: , z", urn=FUNCTION),
        ],
        "",
        "dev",
    )
    assert text.startswith("hello: creating X: X Y answered: z\n")
    assert "throttled" in text


def test_a_programs_traceback_is_told_by_its_last_line():
    message = 'Program failed with an unhandled exception:\nTraceback (most recent call last):\n  File "__main__.py", line 3\nValueError: memory must be positive\n'
    text = explain([Diagnostic(severity="error", message=message)], "", "local")
    assert text.startswith("local: ValueError: memory must be positive\n")
    assert "File" not in text


def test_without_diagnostics_the_printed_error_is_told():
    output = (
        "\n code: 255\n stdout: \n stderr: warning: x\nerror: failed to load checkpoint: unexpected end of JSON input\n"
    )
    text = explain([], output, "local")
    assert text.startswith("local: failed to load checkpoint: unexpected end of JSON input\n")
    assert "`slipway recover -s local`" in text


def test_what_the_cluster_says_gives_the_advice():
    text = explain(
        [Diagnostic(severity="error", message="timed out waiting for the condition", urn=ROLE)],
        "",
        "dev",
        ["hello: pod hello-00001-x: OOMKilled: user-container exited with code 137"],
    )
    assert text.split("\n") == [
        "hello-role: timed out waiting for the condition",
        "hello: pod hello-00001-x: OOMKilled: user-container exited with code 137",
        "the function needs more memory than it has; what to do: raise `memory` in its function.yaml",
    ]


def test_many_errors_are_cut_and_counted():
    many = [Diagnostic(severity="error", message=f"error {n}", urn=ROLE) for n in range(20)]
    lines = explain(many, "", "local").split("\n")
    assert lines[8] == "... and 12 more errors"
    assert len(lines) == 10


def test_a_full_disk_under_slipways_own_files_is_told_with_advice():
    told = r"(?s)local: .*No space left on device.*the disk is full; what to do: free some space"
    with pytest.raises(EngineError, match=told), files_of("local"):
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/.slipway/state-of-local")
