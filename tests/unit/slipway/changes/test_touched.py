"""What touched paths can matter to."""

from pathlib import Path

import grimp
import pytest

from slipway.changes.touched import Touched, listing

ROOT = Path(__file__).parents[4]


def touched(*paths, ignored=()):
    return Touched(paths, frozenset(paths), frozenset(ignored))


@pytest.mark.parametrize(
    "path",
    [
        "__main__.py",
        "Pulumi.yaml",
        "requirements.lock",
        "components/names.py",
        "components/",
        "slipway/core/spec.py",
        "slipway/artifacts/inputs.py",
        "toolchain/record.py",
        ".gitattributes",
        "functions/hello/.gitattributes",
    ],
)
def test_the_program(path):
    assert touched("README.md", path).program == [path]
    assert touched(path, ignored=[path]).program == []


@pytest.mark.parametrize(
    "path",
    ["README.md", "docs/a.md", "slipway/cli/up.py", "toolchain/README.md", "components/__pycache__/", "tests/a.py",
     "functions/hello/main.py", "policies/rules/a.py", "components.py"],
)  # fmt: skip
def test_not_the_program(path):
    assert touched(path).program == []


def test_what_the_program_loads_is_never_left_out():
    graph = grimp.build_graph("slipway", include_external_packages=False)
    loaded = graph.find_upstream_modules("slipway.program") | {"slipway.program"}
    files = [f"{name.replace('.', '/')}.py" for name in loaded]
    assert "slipway/core/spec.py" in files
    assert [path for path in files if (ROOT / path).exists() and not touched(path).program] == []


def test_folders_as_a_whole():
    found = touched("functions/a/data/", "functions/b/x")
    assert found.below("functions/a/") == ["functions/a/data/"]
    assert found.below("functions/a/data/deep/") == ["functions/a/data/"]
    assert found.holds("functions/a/data/x")
    assert not found.holds("functions/a/datax")
    assert found.touches("functions/b/x")
    assert not found.touches("functions/b/xy")


def test_paths_are_one_line_each():
    assert listing(["b\nc", "a b", "ü", "\udcff"]) == ['"b\\nc"', "\\udcff", "a b", "ü"]
