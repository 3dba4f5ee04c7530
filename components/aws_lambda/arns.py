"""ARNs and addresses computed from account and region, so that policies are known before anything exists."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from components.environment_args import AwsArgs

_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?P<service>[a-z0-9-]+):(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)"
)
_SUFFIXES: Mapping[str, str] = {"aws-cn": "amazonaws.com.cn"}


@dataclasses.dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN."""

    partition: str
    service: str
    region: str
    account: str
    rest: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """The parts of `text`, or None when it is not an ARN."""
        match = _ARN.fullmatch(text)
        return cls(**match.groupdict()) if match else None


class Arns:
    """ARNs of one account and region."""

    def __init__(self, aws: AwsArgs) -> None:
        self.partition = aws.partition
        self.region = aws.region
        self.account = aws.account
        self._endpoint = aws.endpoint

    def of(self, service: str, rest: str, *, region: str | None = None, account: str | None = None) -> str:
        """`arn:{partition}:{service}:{region}:{account}:{rest}`; an empty region or account stays empty."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{rest}"

    def function(self, name: str, qualifier: str | None = None) -> str:
        """A function, or its alias or version."""
        return self.of("lambda", f"function:{name}" + (f":{qualifier}" if qualifier else ""))

    def log_group(self, name: str) -> str:
        """A log group itself, without its streams."""
        return self.of("logs", f"log-group:{name}")

    def queue(self, name: str) -> str:
        """A queue."""
        return self.of("sqs", name)

    def delivery_stream(self, name: str) -> str:
        """A Firehose stream."""
        return self.of("firehose", f"deliverystream/{name}")

    def event_rule(self, bus: str, name: str) -> str:
        """A rule on a bus of its own."""
        return self.of("events", f"rule/{bus}/{name}")

    def schedule_group(self, name: str) -> str:
        """A group of schedules."""
        return self.of("scheduler", f"schedule-group/{name}")

    def api(self, api_id: str) -> str:
        """An HTTP API as the source of calls, without stage, method and path."""
        return self.of("execute-api", api_id)

    def bucket(self, name: str) -> str:
        """A bucket, without its objects."""
        return self.of("s3", name, region="", account="")

    def root(self) -> str:
        """The account as a principal."""
        return self.of("iam", "root", region="")

    def every(self, service: str) -> str:
        """Every resource of a service in this region, in any account; IAM asks for all six parts of an ARN."""
        return self.bucket("*") if service == "s3" else self.of(service, "*", account="*")

    def queue_url(self, arn: Arn) -> str:
        """Address of a queue, at the embedded AWS where there is one."""
        if self._endpoint is not None:
            return f"{self._endpoint.rstrip('/')}/{arn.account}/{arn.rest}"
        return f"https://sqs.{arn.region}.{_suffix(arn.partition)}/{arn.account}/{arn.rest}"

    def via(self, service: str) -> str:
        """Name of a service in this region: the value of `kms:ViaService`, and the principal of CloudWatch Logs."""
        return f"{service}.{self.region}.{_suffix(self.partition)}"


def _suffix(partition: str) -> str:
    return _SUFFIXES.get(partition, "amazonaws.com")
