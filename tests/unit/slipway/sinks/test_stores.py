"""From settings to stores: which sinks a function has, which can be read, where they are."""

import boto3
import moto
import pytest
import yaml

from slipway.core.errors import BadInputError, EngineError
from slipway.core.loaded import LoadedFunction
from slipway.core.manifest import Manifest
from slipway.core.settings import Settings
from slipway.sinks import stores
from slipway.sinks.s3 import S3Store
from tests.unit.slipway.sinks.conftest import OpenSearch, envelope, ids, make_query

SETTINGS = """
target: lambda
aws: {account: "123456789012", region: eu-central-1}
kubeContext: dev
registry: registry.example.com/x
domain: dev.example.com
sinks:
  archive: {s3: {create: true, prefix: logs/}, partition: [date, function]}
  adopted: {s3: {bucket: team-logs, region: eu-west-1}}
  store: {s3: {bucket: team-logs, endpoint: "https://minio.example.com"}, functions: [hello]}
  loki: {loki: {address: "https://loki.example.com", tenant: shop}}
  search: {opensearch: {arn: "arn:aws:es:eu-central-1:123456789012:domain/functions", index: prod}}
  relay: {otlp: {address: "https://otel.example.com"}, functions: [orders]}
"""


@pytest.fixture
def settings():
    return Settings.model_validate(yaml.safe_load(SETTINGS)).named("prod")


def test_what_is_read_soonest_comes_first_and_what_cannot_be_read_last(settings):
    assert stores.sinks_for("hello", None, settings) == ["loki", "search", "adopted", "archive", "store"]
    assert stores.sinks_for("orders", None, settings) == ["loki", "search", "adopted", "archive", "relay"]
    assert [name for name in settings.sinks if not stores.is_readable(name, settings)] == ["relay"]


def test_a_function_of_the_project_has_the_sinks_that_take_it(settings, tmp_path):
    manifest = Manifest.model_validate(
        {"owner": "t", "runtime": "python3.11", "handler": "main:f", "target": "knative"}
    )
    fields = {"name": "orders", "manifest": manifest}
    function = LoadedFunction.__new__(LoadedFunction)
    for name, value in fields.items():
        object.__setattr__(function, name, value)
    assert stores.sinks_for("orders", function, settings) == ["loki", "adopted", "relay"]


def test_a_bucket_that_is_made_has_the_name_that_the_components_give_it(settings):
    store = stores.store_of("archive", settings)
    assert isinstance(store, S3Store)
    assert store.where == "s3://slipway-prod-sink-archive-123456789012-eu-central-1/logs/"
    assert store._client.meta.region_name == "eu-central-1"


@pytest.mark.parametrize(
    ("sink", "endpoint"),
    [("adopted", "https://s3.eu-west-1.amazonaws.com"), ("store", "https://minio.example.com")],
)
def test_other_buckets_are_asked_where_they_are(settings, sink, endpoint):
    store = stores.store_of(sink, settings)
    assert store.where == "s3://team-logs/"
    assert store._client.meta.endpoint_url == endpoint


def test_loki_is_asked_with_tenant_and_token(settings):
    session = stores.store_of("loki", settings, {"SLIPWAY_SINK_LOKI_TOKEN": "hush"})._web._session
    assert session.headers["X-Scope-OrgID"] == "shop"
    assert session.auth is not None
    assert stores.store_of("loki", settings, {})._web._session.auth is None


def test_the_embedded_loki_needs_no_address():
    values = {"target": "knative", "cluster": {"lokiPort": 4999}, "sinks": {"central": {"loki": {}}}}
    store = stores.store_of("central", Settings.model_validate(values).named("local-knative"), {})
    assert store.where == "http://127.0.0.1:4999"


def test_loki_without_an_address_anywhere_says_what_to_give():
    values = yaml.safe_load(SETTINGS) | {"sinks": {"central": {"loki": {}}}}
    with pytest.raises(EngineError, match=r"sink central: has no address; what to do: give slipway:sinks.central.loki"):
        stores.store_of("central", Settings.model_validate(values).named("prod"), {})


def test_a_domain_is_found_by_its_arn_and_asked_with_a_signature(settings, clean, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    answers = OpenSearch([envelope(1)])
    clean.on("GET /prod,prod-*/_field_caps", answers.capabilities)
    clean.on("POST /prod,prod-*/_search", answers.search)
    with moto.mock_aws():
        boto3.client("opensearch", region_name="eu-central-1").create_domain(DomainName="functions")
        store = stores.store_of("search", settings, {})
    assert store.where.startswith("https://")
    assert ".es.amazonaws.com" in store.where
    store._web._address = clean.url
    assert ids(store.read(make_query())) == ["id-1"]
    signed = clean.requests("POST")[0].headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/eu-central-1/es/aws4_request" in signed


def test_what_only_takes_records_says_what_to_do(settings):
    with pytest.raises(BadInputError, match=r"sink relay: kind otlp only takes records.*what to do: read it with"):
        stores.store_of("relay", settings)


def test_an_unknown_sink_is_named_with_those_that_are_there(settings):
    stores.require_sink("loki", settings)
    with pytest.raises(
        BadInputError, match=r"prod has no sink 'lokki', did you mean 'loki'\?; there: adopted, archive"
    ):
        stores.require_sink("lokki", settings)
