"""What a change touches, in real repositories."""

import json

import pytest

from slipway.core.errors import BadInputError
from tests.integration.slipway.changes.conftest import AWS, HASHED, MANIFEST, Repository


def test_nothing_changed(repository):
    found = repository.affected()
    assert (found.functions, found.all, found.idle) == ({}, False, ())
    assert found.unchanged == ("locked", "payer", "plain")


@pytest.mark.parametrize("committed", [True, False])
def test_an_own_file(repository, committed):
    repository.write("functions/plain/main.py", "def run(request):\n    return 'yes'\n")
    if committed:
        repository.commit()
    assert repository.reasons() == {"plain": ["own file functions/plain/main.py"]}


def test_docs_tests_and_examples_touch_nothing(repository):
    for name in (
        "README.md",
        "docs/a.md",
        "tests/test_a.py",
        "functions/plain/README.md",
        "functions/plain/tests/a.py",
    ):
        repository.write(name, "changed")
    repository.write("functions/plain/example.json", "{}")
    repository.commit()
    found = repository.affected()
    assert not found.functions
    assert "functions/plain/tests/a.py" in found.idle
    assert "README.md" in found.idle


def test_shared_code_reaches_whoever_imports_it_through_packages_and_late(repository):
    repository.write("functions/shared/late.py", "X = 1\n")
    repository.write("functions/shared/alone.py", "X = 1\n")
    repository.commit()
    assert repository.reasons() == {
        "payer": ["shared file functions/shared/late.py, through functions/shared/words.py"]
    }
    assert repository.affected().idle == ("functions/shared/alone.py",)


def test_a_shared_import_that_is_new_or_gone(repository):
    repository.write("functions/plain/main.py", "import shared.alone\n\n\ndef run(request):\n    return 'ok'\n")
    repository.write("functions/shared/words.py", "")
    repository.commit()
    assert repository.reasons() == {
        "payer": [
            "shared file functions/shared/late.py, no longer taken",
            "shared file functions/shared/words.py, through functions/shared/money.py",
        ],
        "plain": [
            "own file functions/plain/main.py",
            "shared file functions/shared/__init__.py, taken since",
            "shared file functions/shared/alone.py, taken since",
        ],
    }


def test_lock_files_of_a_function_and_of_the_runtime(repository):
    repository.write("functions/locked/requirements.txt", f"framework==1.2 {HASHED}\n")
    second = repository.commit()
    assert repository.reasons() == {"locked": ["lock file functions/locked/requirements.txt"]}
    repository.write("runtime/requirements.txt", f"framework==1.3 {HASHED}\n")
    repository.commit()
    reason = ["lock file runtime/requirements.txt"]
    assert repository.reasons(second) == {"payer": reason, "plain": reason}


def test_what_decides_no_digest_but_the_tag(repository):
    lock = repository.root / "functions/locked/requirements.txt"
    lock.write_text(f"# why\n{lock.read_text()}")
    repository.commit()
    assert list(repository.reasons()) == ["locked"]
    assert repository.reasons()["locked"][0].startswith("the tag `commit`")
    repository.git("revert", "--no-edit", "HEAD")
    assert list(repository.reasons()) == ["locked"]


def test_the_adapter_touches_all_and_the_servers_lock_only_images(repository):
    repository.write("runtime/slipway_runtime/__init__.py", "X = 1\n")
    second = repository.commit()
    assert {*map(tuple, repository.reasons().values())} == {("runtime adapter runtime/slipway_runtime/__init__.py",)}
    assert len(repository.reasons()) == 3
    repository.write("runtime/server/requirements.txt", f"jwt==2.0 {HASHED}\n")
    repository.commit()
    reason = "what serves images, runtime/server/requirements.txt"
    assert repository.reasons(second) == {name: [f"dev: {reason}"] for name in ("locked", "payer", "plain")}
    assert repository.reasons(second, environment="prod") == {}


def test_the_manifest_tells_the_property_and_no_value(repository):
    repository.write("functions/plain/function.yaml", MANIFEST + "memory: 512\nenvironment: {WORD: hidden}\n")
    repository.commit()
    file = "functions/plain/function.yaml"
    assert repository.reasons() == {"plain": [f"{file}: environment.WORD", f"{file}: memory_mb"]}


def test_settings_of_one_environment(repository):
    stack = AWS + "  slipway:functions: {plain: {memory: 512}}\n"
    repository.write("stacks/Pulumi.prod.yaml", stack)
    second = repository.commit()
    assert repository.reasons() == {"plain": ["stacks/Pulumi.prod.yaml: memory_mb of plain"]}
    assert repository.reasons(environment="dev") == {}
    repository.write("stacks/Pulumi.prod.yaml", stack + "  slipway:prefix: acme\n")
    repository.commit()
    assert repository.reasons(second) == {
        name: ["stacks/Pulumi.prod.yaml: prefix"] for name in ("locked", "payer", "plain")
    }


def test_entries_of_the_catalogue_touch_who_uses_them(repository):
    repository.write("functions/plain/function.yaml", MANIFEST + "uses: [{queue: jobs, can: [send]}]\n")
    queue = "  slipway:resources: {queue: {jobs: {create: true}, other: {create: true}}}\n"
    repository.write("stacks/Pulumi.prod.yaml", AWS + queue)
    repository.remove("stacks/Pulumi.dev.yaml")
    second = repository.commit()
    arn = "arn:aws:sqs:eu-central-1:123456789012:jobs"
    repository.write("stacks/Pulumi.prod.yaml", AWS + queue.replace("jobs: {create: true}", f"jobs: {{arn: '{arn}'}}"))
    repository.commit()
    found = repository.reasons(second)
    assert list(found) == ["plain"]
    assert "stacks/Pulumi.prod.yaml: resources.queue.jobs.arn" in found["plain"]
    third = repository.commit()
    repository.write("stacks/Pulumi.prod.yaml", AWS + queue.replace(", other: {create: true}", ""))
    repository.write(
        "stacks/Pulumi.prod.yaml",
        (repository.root / "stacks/Pulumi.prod.yaml")
        .read_text()
        .replace("jobs: {create: true}", f"jobs: {{arn: '{arn}'}}"),
    )
    assert repository.reasons(third) == {}


def test_new_renamed_and_removed_functions(repository):
    repository.git("mv", "functions/plain", "functions/simple")
    repository.commit()
    assert repository.reasons() == {"plain": ["removed: functions/plain is gone"], "simple": ["new function"]}


def test_switched_off_in_an_environment(repository):
    repository.write("stacks/Pulumi.prod.yaml", AWS + "  slipway:functions: {plain: {enabled: false}}\n")
    second = repository.commit()
    assert repository.reasons() == {"plain": ["prod: removed: stacks/Pulumi.prod.yaml switches it off"]}
    repository.write("stacks/Pulumi.prod.yaml", AWS)
    assert repository.reasons(second) == {"plain": ["stacks/Pulumi.prod.yaml: functions.plain.enabled"]}


def test_a_new_environment(repository):
    repository.write("stacks/Pulumi.staging.yaml", AWS)
    found = repository.reasons()
    assert set(found) == {"locked", "payer", "plain"}
    assert found["plain"] == ["staging: new environment, stacks/Pulumi.staging.yaml"]


def test_the_program_touches_everything_and_the_command_line_nothing(repository):
    repository.write("slipway/cli/up.py", "")
    assert repository.reasons() == {}
    repository.write("components/base.py", "")
    found = repository.affected()
    assert found.all
    assert dict(found.functions) == {
        name: ["everything: the program: components/base.py"] for name in ("locked", "payer", "plain")
    }


def test_a_target_that_moves_touches_callers(repository):
    repository.write("functions/payer/function.yaml", MANIFEST + "uses: [{function: plain, can: [invoke]}]\n")
    both = AWS + "  slipway:kubeContext: team\n  slipway:registry: r.example.com/x\n  slipway:domain: example.com\n"
    repository.write("stacks/Pulumi.prod.yaml", both)
    second = repository.commit()
    repository.write("stacks/Pulumi.prod.yaml", both + "  slipway:functions: {plain: {target: knative}}\n")
    found = repository.reasons(second, environment="prod")
    assert found["payer"] == ["plain, which it calls, moves to knative"]


@pytest.mark.parametrize(
    "name", ["a b.txt", "quo\"te's.txt", "new\nline.txt", "tab\t.txt", "ünï.txt", "-dash", "[x].txt"]
)
@pytest.mark.parametrize("committed", [True, False])
def test_odd_names(repository, name, committed):
    repository.write(f"functions/plain/{name}", "x")
    if committed:
        repository.commit()
    shown = f"functions/plain/{name}"
    shown = shown if shown.isprintable() else json.dumps(shown)
    assert repository.reasons() == {"plain": [f"own file {shown}, new"]}
    base = repository.commit()
    repository.remove(f"functions/plain/{name}")
    assert repository.reasons(base) == {"plain": [f"own file {shown}, removed"]}


def test_binary_and_big_files(repository):
    repository.write("functions/plain/data.bin", bytes(range(256)) * 100_000)
    base = repository.commit()
    assert repository.reasons() == {"plain": ["own file functions/plain/data.bin, new"]}
    repository.write("functions/plain/data.bin", bytes(range(256)) * 100_000 + b"\0")
    assert repository.reasons(base) == {"plain": ["own file functions/plain/data.bin"]}


def test_files_that_git_ignores_travel_all_the_same(repository):
    repository.write(".gitignore", "*.bin\ndata/\n")
    base = repository.commit()
    repository.write("functions/plain/a.bin", b"\0")
    repository.write("functions/payer/data/a.txt", "x")
    assert repository.reasons(base) == {
        "payer": ["own files in functions/payer/data/"],
        "plain": ["own file functions/plain/a.bin, new"],
    }


def test_links_and_modes(repository):
    (repository.root / "functions/plain/link.txt").symlink_to("real.txt")
    repository.write("functions/plain/real.txt", "one")
    base = repository.commit()
    (repository.root / "functions/payer/main.py").chmod(0o755)
    repository.write("functions/plain/real.txt", "two")
    found = repository.reasons(base)
    assert found["plain"] == ["own file functions/plain/real.txt"]
    assert found["payer"][0].startswith("the tag `commit`")


def test_a_project_in_a_folder_of_its_repository(tmp_path):
    from tests.integration.slipway.changes.conftest import FILES

    outer = Repository(tmp_path / "outer", files={f"in side/{name}": text for name, text in FILES.items()})
    outer.write("in side/functions/plain/main.py", "def run(request):\n    return 'yes'\n")
    outer.write("in side/stacks/Pulumi.prod.yaml", AWS + "  slipway:functions: {plain: {memory: 512}}\n")
    outer.write("functions/plain/main.py", "not of the project")
    outer.project = type(outer.project)(outer.root / "in side")
    assert outer.reasons() == {
        "plain": ["own file functions/plain/main.py", "stacks/Pulumi.prod.yaml: memory_mb of plain"]
    }


def test_a_submodule(repository, tmp_path):
    inner = Repository(tmp_path / "inner", files={"lib.py": "X = 1\n"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", f"file://{inner.root}",
                   "functions/plain/lib")  # fmt: skip
    base = repository.commit()
    assert repository.reasons(base) == {}
    inner.write("lib.py", "X = 2\n")
    inner.commit()
    module = repository.root / "functions/plain/lib"
    repository.git("pull", "--quiet", cwd=module)
    assert repository.reasons(base) == {"plain": ["own file functions/plain/lib"]}
    second = repository.commit()
    repository.write("functions/plain/lib/lib.py", "X = 3\n")
    assert repository.reasons(second) == {"plain": ["own file functions/plain/lib"]}
    repository.git("checkout", "--quiet", "--force", ".", cwd=module)
    # A clone whose submodule has only the newest commit cannot say what was there before.
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", f"file://{repository.root}", str(shallow))
    clone = Repository.__new__(Repository)
    clone.root, clone.project = shallow, type(repository.project)(shallow)
    clone.git("-c", "protocol.file.allow=always", "submodule", "update", "--quiet", "--init", "--depth", "1")
    assert clone.reasons(second) == {}
    reason = f"submodule functions/plain/lib: its content at {base[:12]} is not on this machine"
    assert clone.reasons(base)["plain"] == [reason, "own file functions/plain/lib"]


def test_mistakes_now_are_told_and_mistakes_then_mean_everything(repository):
    repository.write("functions/plain/function.yaml", MANIFEST + "memory: 1\n")
    base = repository.commit()
    with pytest.raises(BadInputError) as caught:
        repository.affected()
    assert caught.value.findings[0].property == "memory"
    repository.write("functions/plain/function.yaml", MANIFEST)
    repository.commit()
    found = repository.affected(base)
    assert found.all
    assert f"{base[:12]} cannot be read as a project: " in found.functions["payer"][0]


def test_what_a_function_includes(repository):
    repository.write("functions/shared/data/rates.json", "{}")
    repository.write("functions/plain/function.yaml", MANIFEST + "includes: [data]\n")
    repository.write("functions/perl/function.yaml", "owner: team\nruntime: container\nincludes: [data/rates.json]\n")
    repository.write("functions/perl/Containerfile", "FROM scratch\n")
    base = repository.commit()
    assert repository.reasons(base) == {}
    repository.write("functions/shared/data/rates.json", "[]")
    found = repository.affected(base)
    reason = ["shared file functions/shared/data/rates.json"]
    # A module's data travels with it: the folder is no package, so this is beside `shared` itself.
    assert dict(found.functions) == {"payer": reason, "perl": reason, "plain": reason}
    assert found.idle == ()
    repository.write("functions/perl/Containerfile", "FROM scratch\nUSER 1\n")
    assert repository.reasons(base)["perl"] == ["own file functions/perl/Containerfile", *reason]
