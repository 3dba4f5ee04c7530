import re

import pytest

from toolchain import cluster_parts, log_parts

PARTS = {part.name: part for part in log_parts.cluster()}


def go_mod(name):
    return (PARTS[name].modules.folder / "go.mod").read_text()


def test_both_are_offered_with_the_other_programs_of_the_cluster():
    assert {"otelcol", "loki"} <= set(cluster_parts.names())


@pytest.mark.parametrize(
    ("part", "module"),
    [("otelcol", "go.opentelemetry.io/collector/otelcol"), ("loki", "github.com/grafana/loki/v3")],
)
def test_versions_are_those_of_the_module_sets(part, module):
    pinned = re.search(rf"^\t{re.escape(module)} v(\S+)", go_mod(part), re.MULTILINE)[1]
    assert PARTS[part].version == pinned


def test_no_other_collector_stands_in_for_ours():
    """Only ours has the exporter that gives nothing up; others are known by the same name."""
    assert PARTS["otelcol"].version_command == ()
    assert PARTS["otelcol"].release is None


def test_everything_that_a_build_needs_is_pinned_with_its_hash():
    for part in PARTS.values():
        sums = (part.modules.folder / "go.sum").read_text()
        for module, version in re.findall(r"^\t(\S+) (v\S+)(?: // indirect)?$", go_mod(part.name), re.MULTILINE):
            if f"{module} => " not in go_mod(part.name):
                assert f"{module} {version}/go.mod h1:" in sums, (part.name, module)
