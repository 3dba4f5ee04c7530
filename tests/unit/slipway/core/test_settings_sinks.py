"""What an environment may say about each of its sinks."""

import pytest

FILE = "stacks/Pulumi.dev.yaml"


@pytest.mark.parametrize(
    ("sinks", "expected"),
    [
        (
            "{a: {}}",
            "slipway:sinks.a must have exactly one of s3, loki, otlp, opensearch, http, destination, found none",
        ),
        ("{a: {s3: {create: true}, http: {address: 'https://x.example'}}}", "found s3 and http; write a sink for each"),
        ("{a: {s4: {create: true}}}", f"{FILE}:4:23: unknown key 's4'; allowed: buffer, destination, encryption"),
        ("{A: {s3: {create: true}}}", "a key of slipway:sinks must be 1-40 lower-case letters"),
        ("{a: {s3: {}}}", "slipway:sinks.a.s3 must have either create: true, or bucket"),
        ("{a: {s3: {create: true, bucket: b-1}}}", "slipway:sinks.a.s3 must have either create: true, or bucket"),
        ("{a: {s3: {bucket: b-1, lock: 3}}}", "has lock beside bucket; remove lock; lock the bucket where it is made"),
        ("{a: {s3: {create: true, lock: 31}}}", "slipway:sinks.a has s3.lock 31 above retention 30; lower it"),
        ("{a: {s3: {create: true, region: eu-central-1}}}", "has region beside create; remove region, or give bucket"),
        (
            "{a: {s3: {bucket: B}}}",
            "slipway:sinks.a.s3.bucket must be the name of a bucket, 3-63 characters, found 'B'",
        ),
        (
            "{a: {s3: {create: true, prefix: /logs}}}",
            "must be folders, each with a slash at its end, such as logs/shop/",
        ),
        ("{a: {opensearch: {index: a}}}", "must have arn (for Lambda), address (for Knative) or both"),
        ("{a: {s3: {create: true}, retention: 0}}", "slipway:sinks.a.retention must be 1-36500 days, found 0"),
        (
            "{a: {s3: {create: true}, level: info}}",
            "must be one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, found 'info'",
        ),
        ("{a: {s3: {create: true}, partition: [date, date]}}", "slipway:sinks.a.partition has a value twice; keep one"),
        ("{a: {s3: {create: true}, partition: [hour]}}", "must be one of environment, function, date, found 'hour'"),
        ("{a: {s3: {create: true}, buffer: {age: 0}}}", "slipway:sinks.a.buffer.age must be 1-900 seconds, found 0"),
        (
            "{a: {s3: {create: true}, exclude: ['ok', 'GET (?!/orders)']}}",
            (
                f"{FILE}:4:59: slipway:sinks.a.exclude[1] is no regular expression that both targets understand: "
                "has a kind of group that RE2 does not know at character 5; write it without look-around"
            ),
        ),
        ("{a: {s3: {create: true}, redact: {patterns: [mail]}}}", "found 'mail', did you mean 'email'?"),
        ("{a: {s3: {create: true}, redact: {patterns: [jwt, jwt]}}}", "redact.patterns has a value twice"),
        (
            "{a: {s3: {create: true}, redact: {expressions: ['(hunter2)\\1']}}}",
            "slipway:sinks.a.redact.expressions[0] is no regular expression that both targets understand: refers to",
        ),
    ],
)
def test_one_mistake_one_message(said, sinks, expected):
    [line] = said("lambda", sinks)
    assert expected in line
    assert "hunter2" not in line
