"""What every component shares: type tokens, names of children, options, tags and the escape hatch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import pulumi

from components.errors import InputError, nearest

PACKAGE = "slipway"
MANAGED_BY = "slipway"

Transform = Callable[[dict[str, Any], pulumi.ResourceOptions], tuple[dict[str, Any], pulumi.ResourceOptions]]
"""Takes the arguments and options of one child and returns those to use; must be a pure function."""

_R = TypeVar("_R", bound=pulumi.Resource)
_PART = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def type_token(kind: str) -> str:
    """Type token of a component: `slipway:index:Function`. The component host accepts the module `index` alone."""
    return f"{PACKAGE}:index:{kind}"


class Component(pulumi.ComponentResource):
    """A component whose children are named, tagged, parented and transformed in one place.

    Attributes:
        nodes: Children by part, in the order of their creation; the keys are those that `transforms` accepts.
        tags: What its children are marked with, where they can be: tags on AWS, labels on Kubernetes.
    """

    KIND: ClassVar[str]
    """Last part of the type token."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        tags: Mapping[str, str],
        transforms: Mapping[str, Transform],
    ) -> None:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{self.KIND} {name!r}: name must consist of lower-case letters, digits and inner hyphens; rename it"
            )
        super().__init__(type_token(self.KIND), name, {}, opts)
        self.nodes: dict[str, pulumi.Resource] = {}
        self.name_of_component = name
        self.tags = dict(tags)
        self._transforms = dict(transforms)
        self._inside: set[str] = set()
        self._provider: pulumi.ProviderResource | None = None

    @property
    def label(self) -> str:
        """The component as messages call it: `Function 'orders'`."""
        return f"{self.KIND} {self.name_of_component!r}"

    def use_provider(self, provider: pulumi.ProviderResource) -> None:
        """Create all further children with this provider."""
        self._provider = provider

    def child(
        self,
        part: str,
        kind: type[_R],
        args: Mapping[str, Any],
        *,
        primary: bool = False,
        tags: Mapping[str, str] | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
        aliases: Sequence[str | pulumi.Alias] = (),
        protect: bool | None = None,
        delete_before_replace: bool | None = None,
        timeout_s: int | None = None,
    ) -> _R:
        """Create a child; its logical name is `{name}-{part}`, or `{name}` for the primary one.

        Args:
            part: What it is to the component, in kebab case; unique in it.
            kind: Class of the resource.
            args: Its arguments by name; those that are None are left out.
            primary: Whether it is what the component is about.
            tags: Tags beside those of the component.
            depends_on: Resources that must exist first although no argument refers to them.
            aliases: Earlier names, so that a rename replaces nothing.
            protect: Whether the engine refuses to delete it.
            delete_before_replace: Whether a replacement may only be made after the deletion.
            timeout_s: Seconds for creation, update and deletion each; None leaves it to the provider.

        Raises:
            InputError: The transform for this part returned something else than arguments and options.
            ValueError: `part` is not in kebab case or was used before.
        """
        if not _PART.fullmatch(part) or part in self.nodes:
            raise ValueError(f"{self.label}: {part!r} must be in kebab case and used once")
        used = {key: value for key, value in args.items() if value is not None}
        if hasattr(kind, "tags"):
            used["tags"] = {**self.tags, **(tags or {})}
        limit = f"{timeout_s}s" if timeout_s else None
        opts = pulumi.ResourceOptions(
            parent=self,
            # A provider comes from none; where both targets are used, there is already one of the other.
            provider=None if issubclass(kind, pulumi.ProviderResource) else self._provider,
            depends_on=list(depends_on) or None,
            aliases=list(aliases) or None,
            protect=protect,
            delete_before_replace=delete_before_replace,
            custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit) if limit else None,
        )
        if part in self._transforms:
            used, opts = self._transformed(part, used, opts)
        node = kind(self.name_of_component if primary else f"{self.name_of_component}-{part}", opts=opts, **used)
        self.nodes[part] = node
        return node

    def adjustable(self, part: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Offer something that lies inside a child to `transforms`; there are no options to change.

        Args:
            part: What it is to the component; no child has this name.

        Returns:
            Takes its values and returns those to use. It raises InputError when the transform returns anything but
            arguments and options.
        """
        self._inside.add(part)
        if part not in self._transforms:
            return lambda args: args
        return lambda args: self._transformed(part, args, pulumi.ResourceOptions())[0]

    def finish(self, outputs: Mapping[str, Any]) -> None:
        """Check that every transform had its child, and register the outputs; the last act of a constructor.

        Raises:
            InputError: A transform names a part that this component does not have.
        """
        parts = {*self.nodes, *self._inside}
        mistakes = [
            f"{self.label}: transforms has {part!r}, which it does not create; {nearest(part, parts)}"
            for part in self._transforms
            if part not in parts
        ]
        if mistakes:
            raise InputError(mistakes)
        self.register_outputs(dict(outputs))

    def _transformed(
        self, part: str, args: dict[str, Any], opts: pulumi.ResourceOptions
    ) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
        result = self._transforms[part](args, opts)
        if (
            not isinstance(result, tuple)
            or len(result) != 2  # noqa: PLR2004 - a pair
            or not isinstance(result[0], dict)
            or not isinstance(result[1], pulumi.ResourceOptions)
        ):
            raise InputError(
                f"{self.label}: the transform for {part!r} returned {type(result).__name__}; "
                "it must return (arguments as a dict, pulumi.ResourceOptions)"
            )
        return result
