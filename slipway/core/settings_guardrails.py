"""Sections of an environment's settings that bound it on Knative: quota, and who may do what in its namespace."""

from typing import Annotated

from pydantic import AfterValidator, Field

from slipway.core.fields import Bounds, Model, Shape, Size, mistake, no_value_twice
from slipway.core.settings_knative import LABEL

# Kubernetes, "Using RBAC Authorization": names that the cluster itself gives meaning to.
_EVERYBODY = "system:"


def _check_subject(name: str) -> str:
    if name.startswith(_EVERYBODY):
        raise mistake(
            "reserved-subject",
            f"must not be a name of the cluster itself, found {name!r}",
            "name people and pipelines; a service account stands under serviceAccounts",
        )
    return name


_Subject = Annotated[str, Shape("[!-~]{1,253}", "a name as the cluster knows it"), AfterValidator(_check_subject)]
_Account = Annotated[str, Shape(rf"{LABEL}/[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?", "namespace/name")]


class Quota(Model):
    """What all pods of an environment may take together."""

    cpu: Annotated[int, Bounds(1, 100000, "processors")] = Field(
        default=20,
        description="Processors that they may reserve; a function reserves a tenth of what it may use, and Knative's "
        "proxy beside it 25m.",
    )
    memory: Size = Field(
        default="64Gi",
        description="Memory that they may use: that of each instance, and 256Mi for Knative's proxy beside it.",
    )
    pods: Annotated[int, Bounds(1, 100000, "pods")] = Field(default=200, description="Pods.")
    storage: Size = Field(default="20Gi", description="Storage of volumes; dead letters have one.")


class Subjects(Model):
    """People and pipelines, as the cluster knows them."""

    users: Annotated[list[_Subject], Field(max_length=50), AfterValidator(no_value_twice)] = Field(
        default=[], description="Users."
    )
    groups: Annotated[list[_Subject], Field(max_length=50), AfterValidator(no_value_twice)] = Field(
        default=[], description="Groups.", examples=[["shop-developers"]]
    )
    service_accounts: Annotated[list[_Account], Field(max_length=50), AfterValidator(no_value_twice)] = Field(
        default=[], description="Service accounts.", examples=[["ci/deployer"]]
    )
