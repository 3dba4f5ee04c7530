"""The components as a package for other Pulumi languages: an environment and its functions in one component.

A component of another language cannot be handed an object of this one, so what is two components here is one there.
"""

# No postponed annotations: the host reads them as they stand.

from collections.abc import Mapping
from typing import Any

import pulumi

from components.base import PACKAGE, type_token
from components.environment import Environment
from components.environment_args import EnvironmentArgs
from components.function.args import Code, FunctionArgs
from components.function.component import Function
from components.shapes import shape_of, whole

NAME = PACKAGE
"""Name of the package."""


class FunctionsArgs:
    """An environment and the functions in it."""

    environment: shape_of(EnvironmentArgs)  # type: ignore[valid-type] # the host reads it at run time
    """The environment as its operators describe it."""
    functions: dict[str, shape_of(FunctionArgs)]  # type: ignore[valid-type] # the host reads it at run time
    """Its functions, by name."""


class Functions(pulumi.ComponentResource):
    """An environment and the functions in it.

    Creates: an `Environment` and a `Function` for each of them.

    Attributes:
        urls: Function to where it answers HTTP; those without a route are left out.
        versions: Function to the newest version.
        arns: Function to what callers and grants name.
    """

    urls: pulumi.Output[dict[str, str]]
    """Function to where it answers HTTP; those without a route are left out."""
    versions: pulumi.Output[dict[str, str]]
    """Function to the newest version."""
    arns: pulumi.Output[dict[str, str]]
    """Function to what callers and grants name."""

    def __init__(self, name: str, args: FunctionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(type_token("Functions"), name, {}, opts)
        given: Any = args  # the host hands over a dictionary, whatever the annotation says
        settings = EnvironmentArgs.from_spec(whole(EnvironmentArgs, given["environment"]))
        described = {short: _described(item) for short, item in dict(given["functions"]).items()}
        inside = pulumi.ResourceOptions(parent=self)
        environment = Environment(name, settings.serving(described), inside)
        made = {short: Function(short, item, environment) for short, item in described.items()}
        environment.complete()
        self.urls = pulumi.Output.all(**{short: item.url for short, item in made.items() if item.url is not None})
        self.versions = pulumi.Output.all(**{short: item.version for short, item in made.items()})
        self.arns = pulumi.Output.all(**{short: item.arn for short, item in made.items()})
        self.register_outputs({"urls": self.urls, "versions": self.versions, "arns": self.arns})


def _described(item: Mapping[str, Any]) -> FunctionArgs:
    values = dict(whole(FunctionArgs, item))
    code = Code(**values.pop("code"))
    return FunctionArgs.from_spec(values, code)
