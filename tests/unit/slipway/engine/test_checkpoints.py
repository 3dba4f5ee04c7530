import gzip
import json
import os

import pytest

from slipway.core.errors import BadInputError, EngineError
from slipway.core.project import Project
from slipway.engine import checkpoints, memory
from slipway.engine.backend import Backend
from slipway.engine.memory import Instances, Memory

GOOD = json.dumps({"version": 3, "checkpoint": {"stack": "local"}}).encode()


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nbackend: {url: 'file://./.slipway/state'}\n")
    return Project(tmp_path)


@pytest.fixture
def put(project):
    stamp = iter(range(1_700_000_000, 1_800_000_000))

    def write(name, content):
        path = project.root / ".slipway" / "state" / ".pulumi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        moment = next(stamp)
        os.utime(path, (moment, moment))
        return path

    return write


def restore(project):
    return checkpoints.restore(project, Backend.of(project), "local")


@pytest.mark.parametrize("content", [GOOD, gzip.compress(GOOD, mtime=0)])
def test_a_whole_checkpoint_is_left_alone(project, put, content):
    put("stacks/slipway/local.json.gz", content)
    assert restore(project) is None


def test_no_checkpoint_is_no_problem(project):
    assert restore(project) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1f\x8b\x08", gzip.compress(GOOD, mtime=0)[:-9], GOOD[:20], b"[]", b'{"version": 3}', b"\xff\xfe"],
)
def test_a_broken_checkpoint_gives_way_to_the_newest_readable_copy(project, put, content):
    put("history/slipway/local/local-1.checkpoint.json.gz", gzip.compress(b'{"checkpoint": {"old": 1}}', mtime=0))
    put("backups/slipway/local/local.2.json.gz", gzip.compress(GOOD, mtime=0))
    put("stacks/slipway/local.json.gz.bak", b"broken, too")
    current = put("stacks/slipway/local.json.gz", content)
    said = restore(project)
    assert checkpoints.is_readable(current)
    assert gzip.decompress(current.read_bytes()) == GOOD
    assert "backups/slipway/local/local.2.json.gz" in said
    (kept,) = (project.root / ".slipway" / "broken-state").iterdir()
    assert kept.read_bytes() == content
    assert restore(project) is None


def test_a_plain_copy_replaces_a_compressed_file_under_its_own_name(project, put):
    put("stacks/slipway/local.json.bak", GOOD)
    broken = put("stacks/slipway/local.json.gz", b"")
    restore(project)
    assert not broken.exists()
    assert Backend.of(project).checkpoint("local").name == "local.json"


def test_without_any_copy_it_says_what_to_do(project, put):
    put("stacks/slipway/local.json.gz", b"")
    with pytest.raises(
        EngineError,
        match=r"local\.json\.gz: the state of local cannot be read, nor any of its 0 earlier copies; what to do",
    ):
        restore(project)


def test_the_newest_encoding_counts(project, put):
    put("stacks/slipway/local.json.gz", b"")
    put("stacks/slipway/local.json", GOOD)
    assert restore(project) is None


def test_other_backends_have_no_files_here(project, monkeypatch):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    backend = Backend.of(project)
    assert (
        backend.folder,
        backend.checkpoint("local"),
        backend.locks("local"),
        backend.earlier_checkpoints("local"),
    ) == (None, None, [], [])


@pytest.mark.parametrize("content", [b"", b"[1", b"backend: x\n", b"\xff"])
def test_a_project_file_that_is_none_is_named(project, content):
    (project.root / "Pulumi.yaml").write_bytes(content)
    with pytest.raises(BadInputError, match=r"Pulumi\.yaml: cannot be read"):
        Backend.of(project)


def test_memory_survives_and_a_half_written_one_counts_as_unclean(project):
    assert memory.recall(project, "local") == Memory()
    kept = Memory(instances=Instances(aws="a", cluster="c"), unclean=True)
    memory.remember(project, "local", kept)
    assert memory.recall(project, "local") == kept
    assert memory.recall(project, "dev") == Memory()
    for half in ('{"insta', "[]", '{"instances": {"moon": "x"}}'):
        (project.local_state / "state-of-local").write_text(half)
        assert memory.recall(project, "local") == Memory(unclean=True)


def test_a_platform_is_new_only_if_another_one_was_used_before():
    before = Instances(aws="a", cluster="c")
    assert Instances(aws="a", cluster="c").new_since(before) == []
    assert Instances(aws="b", cluster="d").new_since(before) == ["the embedded AWS", "the embedded cluster"]
    assert Instances(aws="b").new_since(before) == ["the embedded AWS"]
    assert Instances(aws="a", cluster="d").new_since(Instances(aws="a")) == []
