import pytest

from toolchain.purposes import Purpose, optional, placed_parts


@pytest.mark.parametrize(
    ("purpose", "needed"),
    [
        (Purpose.LOCAL, ["engine", "python-host", "aws-provider"]),
        (Purpose.KNATIVE, ["engine", "python-host", "kubernetes-provider", "crane"]),
        (Purpose.CONTAINERFILE, ["engine", "python-host", "kubernetes-provider", "crane"]),
        (Purpose.CLUSTER, ["engine", "python-host", "kubernetes-provider", "crane"]),
        (Purpose.YAML, ["engine", "python-host", "kubernetes-provider", "crane", "yaml-host"]),
    ],
)
def test_each_purpose_needs_only_its_own(purpose, needed):
    assert [part.name for part in placed_parts() if part.name not in optional(purpose)] == needed


def test_only_names_of_parts_are_optional():
    names = {part.name for part in placed_parts()}
    assert all(optional(purpose) <= names for purpose in Purpose)
