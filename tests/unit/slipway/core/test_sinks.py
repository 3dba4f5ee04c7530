"""Which logs go where, and what components take of a sink."""

from components.function.args import Code, FunctionArgs
from components.log_sink.args import LogSinkArgs
from slipway.core.sinks import sink_spec, sinks_of
from slipway.core.spec import environment_spec, function_spec

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
DOMAIN = "arn:aws:es:eu-central-1:123456789012:domain/logs"
FAR = "arn:aws:logs:eu-central-1:999999999999:destination:central"


def test_who_goes_where(box, manifest, stack_of):
    box.function("orders", manifest("events: [event: {type: a}]"))
    box.function("audit", manifest("sinks: [own, archive]\nevents: [event: {type: a}]", owner="team-b"))
    box.function("receipts", manifest("events: [event: {type: a}]\ntarget: knative"))
    sinks = "{archive: {s3: {create: true}}, loki: {loki: {}}, own: {s3: {bucket: more}, owners: [team-b], functions: [receipts]}}"
    box.stack("dev", stack_of("both", sinks))
    loaded = box.load()
    settings = loaded.settings["dev"]
    assert {name: sinks_of(function, settings) for name, function in loaded.functions.items()} == {
        "audit": ["archive", "own"],
        "orders": ["archive"],
        "receipts": ["loki", "own"],
    }
    spec = function_spec(loaded.functions["audit"], settings)
    assert FunctionArgs.from_spec(spec, Code(image="x")).sinks == ["archive", "own"]


def test_what_components_take(box, stack_of):
    sinks = f"""
    all: {{s3: {{bucket: logs}}}}
    loki: {{loki: {{tenant: t, secret: inside/header}}, buffer: {{size: 2Gi, age: 5}}, level: WARN, platform: false}}
    far: {{destination: {{arn: "{FAR}"}}, redact: {{patterns: []}}}}
    made:
      s3: {{create: true, prefix: a/b/}}
      retention: 365
      encryption: {{key: "{KEY}"}}
      exclude: [ok]
      redact: {{patterns: [jwt], expressions: [x]}}
      partition: [date, function]
    minio: {{s3: {{bucket: logs, endpoint: "https://minio.example.com", secret: inside}}}}
    search: {{opensearch: {{arn: "{DOMAIN}", address: "https://s.example", index: i}}, redact: {{patterns: []}}}}
"""
    box.stack("dev", stack_of("both", sinks))
    settings = box.load().settings["dev"]
    args = {name: LogSinkArgs.from_spec(sink_spec(name, settings)) for name in settings.sinks}
    jwt = sink_spec("made", settings)["redact"][0]
    assert args["loki"] == LogSinkArgs(
        name="loki",
        kind="loki",
        address="http://10.250.0.1:3100",
        tenant="t",
        secret="inside",
        secret_field="header",
        buffer_bytes=2 * 2**30,
        buffer_age_s=5,
        level="WARN",
        platform=False,
        redact=args["loki"].redact,
        redact_keys=args["all"].redact_keys,
    )
    assert args["far"] == LogSinkArgs(name="far", kind="destination", arn=FAR)
    assert args["made"] == LogSinkArgs(
        name="made",
        kind="s3",
        create=True,
        prefix="a/b/",
        retention_days=365,
        kms_key=KEY,
        exclude=("ok",),
        redact=(jwt, "x"),
        partition=("date", "function"),
    )
    assert args["minio"].address == "https://minio.example.com"
    assert (args["minio"].region, args["all"].region) == (None, "eu-central-1")
    assert args["search"] == LogSinkArgs(
        name="search", kind="opensearch", arn=DOMAIN, address="https://s.example", index="i"
    )
    assert [item["name"] for item in environment_spec(settings)["sinks"]] == sorted(settings.sinks)
