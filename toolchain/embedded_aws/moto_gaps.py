"""What moto (5.2) answers differently from AWS in a way that the AWS provider takes for a change, and its mend.

- A bucket's tags are lost when they come with its creation (`CreateBucketConfiguration`), as the provider sends them.
- A queue's redrive policy comes back with spaces in its JSON, which AWS writes without.
- A log group does not tell its class.
- Tags of an API's stage can be given but not changed: the address of its tags is not known.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import moto.apigatewayv2.urls as api_urls
import xmltodict
from moto.apigatewayv2.models import ApiGatewayV2Backend, Stage
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.logs.models import LogGroup
from moto.s3.responses import S3Response

_STAGE_TAGS = r"{0}/v2/tags/(?P<resource_arn_pt1>[^/]+)/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>.+)$"
_put_bucket = S3Response._bucket_response_put  # noqa: SLF001 - the one place where moto reads a new bucket
_describe_group = LogGroup.to_describe_dict
_change_tags = ApiGatewayV2Backend.tag_resource
_remove_tags = ApiGatewayV2Backend.untag_resource


def compact_redrive_policy(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes of a queue with its redrive policy as AWS writes it."""
    if policy := attributes.get("RedrivePolicy"):
        attributes["RedrivePolicy"] = json.dumps(json.loads(policy), separators=(",", ":"))
    return attributes


def install() -> None:
    """Put the mends in the place of moto's methods, before the first request."""
    S3Response._bucket_response_put = _put_bucket_with_tags  # type: ignore[method-assign]  # noqa: SLF001
    LogGroup.to_describe_dict = _describe_group_with_class  # type: ignore[method-assign]
    ApiGatewayV2Backend.tag_resource = _tag_stage_or_other  # type: ignore[method-assign]
    ApiGatewayV2Backend.untag_resource = _untag_stage_or_other  # type: ignore[method-assign]
    api_urls.url_paths[_STAGE_TAGS] = ApiGatewayV2Response.dispatch


def _describe_group_with_class(self: LogGroup) -> dict[str, Any]:
    return {**_describe_group(self), "logGroupClass": "STANDARD"}


def _put_bucket_with_tags(self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    answer = _put_bucket(self, request, bucket_name, querystring)
    if not querystring and (tags := _tags_of_creation(self.body)):
        self.backend.put_bucket_tagging(bucket_name, tags)
    return answer


def _tags_of_creation(body: Any) -> dict[str, str]:
    """The tags in a `CreateBucketConfiguration`; empty if there are none."""
    if not body:
        return {}
    configuration = xmltodict.parse(body, force_list={"Tag": True}).get("CreateBucketConfiguration") or {}
    found = (configuration.get("Tags") or {}).get("Tag") or []
    return {tag["Key"]: tag["Value"] or "" for tag in found}


def _stage(backend: ApiGatewayV2Backend, arn: str) -> Stage | None:
    """The stage that an ARN names: `arn:aws:apigateway:{region}::/apis/{api}/stages/{stage}`."""
    api, found, name = unquote(arn).rpartition("/apis/")[2].partition("/stages/")
    stage: Stage | None = backend.get_api(api).get_stage(name) if found else None
    return stage


def _tag_stage_or_other(self: ApiGatewayV2Backend, resource_arn: str, tags: dict[str, str]) -> None:
    stage = _stage(self, resource_arn)
    if stage is None:
        _change_tags(self, resource_arn, tags)
    else:
        stage.tags = {**stage.tags, **tags}


def _untag_stage_or_other(self: ApiGatewayV2Backend, resource_arn: str, tag_keys: list[str]) -> None:
    stage = _stage(self, resource_arn)
    if stage is None:
        _remove_tags(self, resource_arn, tag_keys)
    else:
        stage.tags = {key: value for key, value in stage.tags.items() if key not in tag_keys}
