import subprocess

import pytest

from slipway.artifacts.commits import last_commits
from slipway.core.project import Project

PATHS = {
    "orders": [
        "functions/orders/",
        "functions/shared/money.py",
        "runtime/slipway_runtime/",
        "runtime/requirements.txt",
    ],
    "hello": ["functions/hello/", "runtime/slipway_runtime/", "runtime/requirements.txt"],
}


@pytest.fixture
def repository(project, git):
    """A repository whose first commit holds everything; returns a function that commits what there is."""
    git("init", "--quiet", "--initial-branch", "main")

    def commit(message="change"):
        git("add", "--all")
        git("commit", "--quiet", "--message", message)
        return git("rev-parse", "HEAD")

    return commit


def write(project, name, text):
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_each_function_has_the_commit_that_last_changed_its_inputs(project, repository):
    first = repository()
    write(project, "functions/orders/extra.py", "X = 1")
    second = repository()
    write(project, "functions/hello/README.md", "words")
    write(project, "functions/hello/tests/test_x.py", "")
    repository()
    assert last_commits(project, PATHS) == {"orders": second, "hello": first}
    write(project, "functions/shared/money.py", "X = 1")
    third = repository()
    assert last_commits(project, PATHS) == {"orders": third, "hello": first}
    write(project, "runtime/slipway_runtime/__init__.py", "X = 1")
    fourth = repository()
    assert last_commits(project, PATHS) == {"orders": fourth, "hello": fourth}


def test_deletions_and_renames_are_changes(project, repository):
    repository()
    path = write(project, "functions/orders/extra.py", "X = 1")
    repository()
    path.unlink()
    deleted = repository()
    assert last_commits(project, PATHS)["orders"] == deleted
    (project.root / "functions/orders/model.py").rename(project.root / "functions/hello/model.py")
    renamed = repository()
    assert set(last_commits(project, PATHS).values()) == {renamed}


@pytest.mark.parametrize("how", ["modified", "staged", "untracked", "ignored", "ignored folder", "deleted"])
def test_what_is_not_committed(project, repository, git, how):
    write(project, ".gitignore", "*.bin\n/functions/orders/vendor/\n")
    first = repository()
    match how:
        case "modified":
            write(project, "functions/orders/main.py", "X = 2")
        case "staged":
            write(project, "functions/orders/new.py", "")
            git("add", "--all")
        case "untracked":
            write(project, "functions/orders/new.py", "")
        case "ignored":
            write(project, "functions/orders/model.bin", "")
        case "ignored folder":
            write(project, "functions/orders/vendor/a.py", "")
        case "deleted":
            (project.root / "functions/orders/model.py").unlink()
    assert last_commits(project, PATHS) == {"orders": "uncommitted", "hello": first}


def test_what_does_not_travel_may_be_dirty(project, repository):
    write(project, ".gitignore", "__pycache__/\n")
    first = repository()
    write(project, "functions/orders/__pycache__/main.pyc", "")
    write(project, "functions/orders/README.md", "other words")
    write(project, "functions/orders/tests/test_new.py", "")
    write(project, "functions/shared/unrelated.py", "")
    assert last_commits(project, PATHS)["orders"] == first


def test_odd_names(project, repository):
    repository()
    for name in ("a b.txt", "line\nbreak.txt", '"quoted".txt', "été.txt", ":commit abc", "-rf"):
        write(project, f"functions/orders/{name}", "")
        assert last_commits(project, PATHS)["orders"] == "uncommitted"
        commit = repository()
        assert last_commits(project, PATHS)["orders"] == commit


def test_a_project_inside_a_bigger_repository(project, git):
    git("init", "--quiet", cwd=project.root.parent)
    git("add", "project/functions", "project/runtime", cwd=project.root.parent)
    git("commit", "--quiet", "--message", "all", cwd=project.root.parent)
    head = git("rev-parse", "HEAD", cwd=project.root.parent)
    assert last_commits(project, PATHS) == {"orders": head, "hello": head}
    write(project, "functions/orders/main.py", "X = 2")
    assert last_commits(project, PATHS) == {"orders": "uncommitted", "hello": head}


def test_a_change_belongs_to_its_commit_and_not_to_the_merge(project, repository, git):
    repository()
    git("checkout", "--quiet", "-b", "feature")
    write(project, "functions/orders/extra.py", "X = 1")
    change = repository()
    git("checkout", "--quiet", "main")
    write(project, "notes.txt", "")
    repository()
    git("merge", "--quiet", "--no-ff", "feature")
    assert last_commits(project, PATHS)["orders"] == change


def test_a_merge_that_mends_a_conflict_is_a_change(project, repository, git):
    repository()
    git("checkout", "--quiet", "-b", "feature")
    write(project, "functions/orders/main.py", "X = 1")
    repository()
    git("checkout", "--quiet", "main")
    write(project, "functions/orders/main.py", "X = 2")
    repository()
    git("merge", "--quiet", "--no-commit", "--strategy=ours", "feature")
    write(project, "functions/orders/main.py", "X = 3")
    merge = repository()
    assert last_commits(project, PATHS)["orders"] == merge


def test_a_shallow_clone_does_not_guess(project, repository, git, tmp_path):
    repository()
    write(project, "functions/orders/extra.py", "X = 1")
    second = repository()
    git("clone", "--quiet", "--depth", "2", f"file://{project.root}", str(tmp_path / "two"))
    git("clone", "--quiet", "--depth", "1", f"file://{project.root}", str(tmp_path / "one"))
    full = last_commits(project, PATHS)
    assert full["hello"] != second
    assert last_commits(Project(tmp_path / "two"), PATHS) == {"orders": second, "hello": "unknown"}
    assert set(last_commits(Project(tmp_path / "one"), PATHS).values()) == {"unknown"}


def test_outside_git_and_without_it(project, repository, monkeypatch, tmp_path):
    assert set(last_commits(project, PATHS).values()) == {"uncommitted"}  # nothing is committed yet
    repository()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert set(last_commits(project, PATHS).values()) == {"unknown"}


def test_no_repository_at_all(project):
    assert set(last_commits(project, PATHS).values()) == {"unknown"}
    assert last_commits(project, {}) == {}


def test_many_functions_cost_a_handful_of_git_calls(project, repository, monkeypatch):
    repository()
    calls = []
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda words, **how: calls.append(words[3]) or real(words, **how))
    many = {f"f{number}": ["functions/orders/"] for number in range(300)}
    assert len(set(last_commits(project, many).values())) == 1
    assert calls == ["rev-parse", "rev-parse", "status", "log"]
