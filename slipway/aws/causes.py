"""Known causes of failures at AWS, by messages of its services, of botocore and of Terraform's AWS provider 6.34."""

from __future__ import annotations

from slipway.running.causes import Cause, cause

_LOOPBACK = r"(?:127\.0\.0\.1|localhost|\[::1\])"

# The first that matches wins: the precise before the general.
AWS_CAUSES: tuple[Cause, ...] = (
    cause(
        "local-aws-down",
        rf"(?:https?://)?{_LOOPBACK}[^\s]*.{{0,200}}?(?:connection refused|Could not connect|connection reset|"
        rf"Failed to establish|\bEOF\b)|(?:Could not connect to the endpoint URL|Connection was closed before we "
        rf"received a valid response from endpoint URL): \"https?://{_LOOPBACK}",
        "the embedded AWS is not running",
        "run `slipway local start`, then the same command again",
    ),
    cause(
        "unreachable",
        r"no such host|Temporary failure in name resolution|connection refused|i/o timeout|network is unreachable|"
        r"Could not connect to the endpoint URL|Connect timeout on endpoint|TLS handshake timeout",
        "an address could not be reached",
        "check the network, proxies (HTTPS_PROXY, NO_PROXY) and the region in stacks/Pulumi.{stack}.yaml",
    ),
    cause(
        "expired-credentials",
        r"ExpiredToken|RequestExpired|token (?:included in the request )?(?:is|has) expired|"
        r"SSO (?:session|token).{0,80}(?:expired|invalid)|credentials? (?:have|has) expired",
        "the credentials have expired",
        "sign in again (`aws sso login`, or renew the CI job's token), then run the same command again",
    ),
    cause(
        "no-credentials",
        r"no valid credential sources|NoCredentialProviders|Unable to locate credentials|failed to refresh cached "
        r"credentials|no EC2 IMDS role found|config profile .{0,80} could not be found",
        "no AWS credentials were found",
        "set AWS_PROFILE or sign in (`aws sso login`); in CI, give the job a role to assume",
    ),
    cause(
        "bad-credentials",
        r"InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure|InvalidAccessKeyId|"
        r"security token included in the request is invalid",
        "AWS does not know these credentials",
        "check AWS_PROFILE and the AWS_* variables; `aws sts get-caller-identity` shows who you are",
    ),
    cause(
        "wrong-account",
        r"AWS account ID not allowed|allowedAccountIds|allowed_account_ids|these credentials belong to account",
        "the credentials belong to another AWS account",
        "use the credentials of the account in stacks/Pulumi.{stack}.yaml (`aws sts get-caller-identity` shows yours)",
    ),
    cause(
        "wrong-region",
        r"invalid AWS Region|AuthorizationHeaderMalformed|the region '[^']+' is wrong|PermanentRedirect|"
        r"IllegalLocationConstraint|not a valid (?:AWS )?region|incorrect region|InvalidRegion",
        "the region is wrong",
        "check `region` in stacks/Pulumi.{stack}.yaml; what exists in another region cannot be moved by changing it",
    ),
    cause(
        "throttled",
        r"StatusCode: 429|TooManyRequests|Throttl(?:ing|ed)|RequestLimitExceeded|SlowDown|Rate exceeded|"
        r"PriorRequestNotComplete",
        "AWS throttled the calls, and went on doing so after the retries",
        "wait a minute and run the same command again: an update goes on where it stopped",
    ),
    cause(
        "access-denied",
        r"AccessDenied|not authorized to perform|UnauthorizedOperation|StatusCode: 403|\bForbidden\b",
        "the credentials do not allow this call",
        "have the action named above allowed for the role in use, or use another role",
    ),
    cause(
        "quota",
        r"LimitExceeded|ServiceQuotaExceeded|CodeStorageExceeded|TooManyBuckets|QuotaExceeded",
        "a quota of the AWS account is used up",
        "have the quota raised (AWS console: Service Quotas), or remove what is not used",
    ),
    cause(
        "already-exists",
        r"AlreadyExists|ResourceConflictException|BucketAlreadyOwnedByYou|QueueNameExists|StatusCode: 409|"
        r"already exists",
        "something with that name exists and is not in this stack's state",
        "run `slipway recover -s {stack}`: it takes over what an earlier run left; otherwise remove or rename it",
    ),
    cause(
        "aws-failure",
        r"StatusCode: 5\d\d|InternalFailure|InternalError|InternalServerError|ServiceUnavailable|ServiceException|"
        r"Internal Server Error|Bad Gateway|Gateway Timeout|\(50\d\) when calling",
        "AWS failed on its side, and went on doing so after the retries",
        "run the same command again in a minute; if it stays, see AWS's health dashboard",
    ),
)
