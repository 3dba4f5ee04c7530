import json
import os
import shutil

import pytest

from slipway.artifacts.images import containerfile
from slipway.artifacts.images.containerfile import ContainerBuilder, needs_base
from slipway.artifacts.images.oci import read_layout
from slipway.artifacts.inputs import Collector
from slipway.core.errors import BadInputError, EngineError, SlipwayError
from tests.unit.slipway.artifacts.conftest import make_project, write
from tests.unit.slipway.artifacts.images.conftest import make_layout


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("SLIPWAY_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def project(tmp_path):
    found = make_project(tmp_path / "project")
    write(found, "functions/legacy/Containerfile", "ARG BASE\nFROM ${BASE}\nCOPY server.pl /srv/\n")
    write(found, "functions/legacy/server.pl", "#!/usr/bin/perl\n")
    write(found, "functions/legacy/lib/Report.pm", "1;\n")
    write(found, "functions/legacy/broken.py", "def (")  # nobody's Python, as far as we know
    write(found, "functions/legacy/requirements.txt", "whatever the build makes of it\n")
    return found


@pytest.fixture
def inputs(project):
    return lambda: Collector(project).container(project.functions / "legacy", architecture="x86_64")


# Answers like buildah: an image id for `pull`, the id file of `build`, a layout for `push`; notes the context.
BUILDAH = """
words = sys.argv[1:]
log = open({log!r}, "a")
log.write(repr(words) + chr(10))
if "pull" in words:
    print("baseid")
if "build" in words:
    pathlib.Path(words[words.index("--iidfile") + 1]).write_text("sha256:built")
    for path in sorted(pathlib.Path("context").rglob("*")):
        status = path.stat()
        log.write(repr((str(path), oct(status.st_mode), int(status.st_mtime))) + chr(10))
if "push" in words:
    shutil.copytree({layout!r}, words[-1].partition(":")[2])
"""


@pytest.fixture
def buildah(program, tmp_path, layout):
    log = tmp_path / "log"
    program("buildah", BUILDAH.format(log=str(log), layout=str(layout)))
    return lambda: [eval(line) for line in log.read_text().splitlines()]


def test_every_file_that_counts_and_no_other(project, inputs):
    write(project, "functions/legacy/README.md", "x")
    write(project, "functions/legacy/.env", "x")
    assert sorted(inputs().section.names) == [
        "Containerfile", "broken.py", "lib/Report.pm", "requirements.txt", "server.pl",
    ]  # fmt: skip
    assert inputs().paths == ("functions/legacy/",)


def test_the_build_sees_what_is_included(project, buildah, cache):
    write(project, "functions/shared/templates/mail.html", "<p>")
    folder = project.functions / "legacy"
    included = Collector(project).container(folder, architecture="x86_64", includes=["templates"])
    ContainerBuilder(cache).build(included, None)
    seen = [entry[0] for entry in buildah() if isinstance(entry, tuple)]
    assert "context/shared/templates/mail.html" in seen
    assert "context/server.pl" in seen


def test_the_digest_follows_what_counts(project, inputs):
    before = inputs().digest
    write(project, "functions/legacy/README.md", "other words")
    os.utime(project.functions / "legacy/server.pl", (0, 0))
    assert inputs().digest == before
    write(project, "functions/legacy/lib/Report.pm", "2;\n")
    assert inputs().digest != before


def test_facts_of_a_python_function_are_not_taken_for_those_of_a_container(project, inputs, monkeypatch):
    monkeypatch.setattr("slipway.artifacts.facts._RACY_NS", -(10**15))  # what has just been written is remembered too
    write(project, "functions/legacy/broken.py", "x = 1\n")
    collector = Collector(project)
    with pytest.raises(BadInputError):  # its requirements are no lock, which is not what this is about
        collector.collect(project.functions / "legacy", runtime="python3.11", architecture="x86_64", plain=True)
    collector.save()
    assert inputs().section.digest


def test_without_a_containerfile(project, inputs):
    (project.functions / "legacy/Containerfile").unlink()
    with pytest.raises(BadInputError) as caught:
        inputs()
    assert caught.value.findings[0].file == "functions/legacy/Containerfile"
    write(project, "functions/legacy/Dockerfile", "FROM scratch\n")
    assert inputs().containerfile == "Dockerfile"


@pytest.mark.parametrize(
    ("text", "needed"),
    [("FROM ${BASE}\n", True), ("FROM $BASE AS x\n", True), ("FROM scratch\n", False), ("FROM $BASES", False)],
)
def test_whether_it_stands_on_the_base(project, inputs, text, needed):
    write(project, "functions/legacy/Containerfile", text)
    assert needs_base(inputs()) is needed


def test_built_by_buildah_from_files_with_fixed_modes_and_times(inputs, base, buildah):
    before = os.umask(0o077)
    try:
        built = ContainerBuilder().build(inputs(), base)
    finally:
        os.umask(before)
    pull, build, *context, push = buildah()
    assert pull[-1] == "oci:base"
    assert build[build.index("--build-arg") + 1] == "BASE=baseid"
    assert (build[build.index("--timestamp") + 1], "--layers=false" in build, build[-1]) == (
        "315532800",
        True,
        "context",
    )
    assert push[-2:] == ["sha256:built", "oci:out"]
    assert ("context/server.pl", "0o100755", 315532800) in context
    assert ("context/lib", "0o40755", 315532800) in context
    assert ("context/lib/Report.pm", "0o100644", 315532800) in context
    assert read_layout(built.layout).digest == built.digest
    assert not ContainerBuilder().build(inputs(), base).built
    assert len(buildah()) == 3 + len(context)


def test_compressed_layers_are_kept_unpacked(inputs, base, program, tmp_path, layout):
    """The digest must not depend on who compressed."""
    import gzip
    import hashlib

    packed = make_layout(tmp_path / "packed", files=[("srv/x", b"own")])
    image = read_layout(packed)
    content = gzip.compress(image.layers[0].source.read_bytes(), mtime=7)
    name = hashlib.sha256(content).hexdigest()
    (packed / "blobs/sha256" / name).write_bytes(content)
    manifest = json.loads((packed / "blobs/sha256" / image.digest.partition(":")[2]).read_text())
    manifest["layers"][0] |= {"digest": f"sha256:{name}", "size": len(content)}
    manifest["layers"][0]["mediaType"] += "+gzip"
    raw = json.dumps(manifest).encode()
    digest = hashlib.sha256(raw).hexdigest()
    (packed / "blobs/sha256" / digest).write_bytes(raw)
    index = json.loads((packed / "index.json").read_text())
    index["manifests"][0]["digest"] = f"sha256:{digest}"
    (packed / "index.json").write_text(json.dumps(index))
    program("buildah", BUILDAH.format(log=str(tmp_path / "log"), layout=str(packed)))
    [layer] = read_layout(ContainerBuilder().build(inputs(), base).layout).layers
    assert layer.digest == layer.diff_id == image.layers[0].diff_id


def test_an_image_for_another_architecture_is_refused(inputs, base, program, tmp_path):
    other = make_layout(tmp_path / "arm", architecture="arm64")
    program("buildah", BUILDAH.format(log=str(tmp_path / "log"), layout=str(other)))
    with pytest.raises(BadInputError, match="'legacy': its image is for arm64"):
        ContainerBuilder().build(inputs(), base)


def test_kaniko_where_there_is_no_buildah(inputs, base, program, layout, monkeypatch):
    path = program(
        "executor",
        f"""
        words = sys.argv[1:]
        assert "--reproducible" in words and "--no-push" in words
        assert pathlib.Path(words[words.index("--dockerfile") + 1]).read_text().startswith("ARG BASE")
        shutil.copytree({str(layout)!r}, words[words.index("--oci-layout-path") + 1])
        """,
    )
    monkeypatch.setattr(containerfile, "_KANIKO", path)
    assert ContainerBuilder().build(inputs(), None).built
    with pytest.raises(BadInputError, match="kaniko reads base images from registries only"):
        ContainerBuilder().build(inputs(), base)


def test_no_builder(inputs, base, program):
    with pytest.raises(EngineError, match="function 'legacy': its image is built by buildah, which is missing"):
        ContainerBuilder().build(inputs(), base)


@pytest.mark.parametrize(
    ("said", "kind_and_meaning"),
    [
        ("STEP 3\nError: COPY nothing: no such file or directory", (BadInputError, "COPY nothing")),
        ("Error: dial tcp: lookup docker.io: no such host", (EngineError, "check the network")),
        ("buildah-chroot-runtime: error while loading shared libraries: libgpgme.so.11", (EngineError, "RUN")),
    ],
)
def test_what_the_builder_says_is_explained(inputs, base, program, said, kind_and_meaning):
    kind, meaning = kind_and_meaning
    program("buildah", f"sys.exit({said!r})")
    with pytest.raises(kind, match=f"'legacy': .*{meaning}"):
        ContainerBuilder().build(inputs(), base)


def test_a_file_that_changes_meanwhile(project, inputs, base, buildah):
    found = inputs()
    write(project, "functions/legacy/server.pl", "changed")
    with pytest.raises(SlipwayError, match="changed while they were built"):
        ContainerBuilder().build(found, base)


def test_another_base_is_another_build(inputs, base, buildah, tmp_path):
    from slipway.artifacts.images.bases import Base

    ContainerBuilder().build(inputs(), base)
    other = make_layout(tmp_path / "other", files=[("etc/debian_version", b"13")])
    shutil.rmtree(tmp_path / "cache/none", ignore_errors=True)
    assert ContainerBuilder().build(inputs(), Base("other", other, read_layout(other))).built
