"""Where the embedded AWS of a checkout listens and keeps what it needs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Settings of one embedded AWS; the defaults are those of `stacks/Pulumi.local.yaml`.

    Attributes:
        state: Folder of this checkout for the process id, the log, unpacked packages and the saved state.
        cache: Folder of the user for what every checkout can share (the interpreters that functions run in).
        host: Address to listen on; loopback only.
        api_port: Port of the AWS API.
        entry_port: Port of the HTTP entry, which serves deployed routes and Function URLs.
        region: Region that unsigned requests belong to.
        account: Account number, 12 digits.
        access_key: Access key of the embedded account.
        secret_key: Its secret key; it protects nothing, it only makes signatures checkable.
        init_timeout_s: Seconds that a function may take to start before its own timeout begins to count, as on AWS.
        idle_s: Seconds after which a warm sandbox without invocations is stopped.
        retry_delay_s: Seconds before the first retry of an asynchronous invocation; the second waits twice as long.
            AWS waits one and two minutes.
        poll_s: Seconds between two looks at event source mappings and schedules that had nothing to do.
        gather_s: Seconds for which a Firehose stream gathers records, whatever longer interval it is deployed with.
        schedules: Whether schedules fire by the clock.
    """

    state: Path
    cache: Path
    host: str = "127.0.0.1"
    api_port: int = 4610
    entry_port: int = 4611
    region: str = "eu-central-1"
    account: str = "123456789012"
    access_key: str = "local"
    secret_key: str = "local"  # noqa: S105 - documented, and accepted on loopback only
    init_timeout_s: float = 10.0
    idle_s: float = 300.0
    retry_delay_s: float = 1.0
    poll_s: float = 0.25
    gather_s: float = 1.0
    schedules: bool = True

    @property
    def api_url(self) -> str:
        """Address of all AWS services."""
        return f"http://{self.host}:{self.api_port}"

    @property
    def entry_url(self) -> str:
        """Address of the HTTP entry."""
        return f"http://{self.host}:{self.entry_port}"

    def to_json(self) -> str:
        """The settings as one line of JSON, for the daemon's command line."""
        values = dataclasses.asdict(self)
        return json.dumps({**values, "state": str(self.state), "cache": str(self.cache)})

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Settings from what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "state": Path(values["state"]), "cache": Path(values["cache"])})
