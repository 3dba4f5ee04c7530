"""Which commit a change is compared with, in real repositories."""

import pytest

from slipway.changes.affected import affected
from slipway.core.project import Project
from tests.integration.slipway.changes.conftest import FILES, Repository

ZEROS = "0" * 40


@pytest.fixture
def branched(repository):
    """A branch with one commit of its own, and a default branch that has gone on."""
    repository.git("switch", "--quiet", "--create", "feature")
    repository.write("functions/plain/main.py", "def run(request):\n    return 'feature'\n")
    repository.feature = repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("functions/payer/data.txt", "main")
    repository.newest = repository.commit()
    repository.git("switch", "--quiet", "feature")
    return repository


def found(root, environ=None, base=None):
    return affected(Project(root), base=base, environ=environ or {})


def clone(repository, target, *words):
    repository.git("switch", "--quiet", "main")  # the default branch of a clone is what its source has checked out
    repository.git("clone", "--quiet", *words, f"file://{repository.root}", str(target))
    return target


def test_where_the_branch_left_the_default_branch(branched):
    result = found(branched.root)
    assert (result.base.commit, result.base.why) == (branched.first, "where the branch left main")
    assert list(result.functions) == ["plain"]
    assert not result.rewritten


def test_on_the_default_branch_only_what_its_remote_lacks(branched, tmp_path):
    target = clone(branched, tmp_path / "clone", "--branch", "main")
    assert found(target).functions == {}
    (target / "functions/plain/main.py").write_text("def run(request):\n    return 1\n")
    result = found(target)
    assert result.base.why == "where the branch left origin/main"
    assert list(result.functions) == ["plain"]


def test_a_revision_as_given_is_taken_as_it_is(branched):
    result = found(branched.root, base="main")
    assert list(result.functions) == ["payer", "plain"]
    assert result.rewritten
    assert result.base.why == "as --base says"


@pytest.mark.parametrize("given", ["no-such-branch", "f" * 40, "--help", "HEAD:README.md"])
def test_an_unknown_base_means_everything(branched, given):
    result = found(branched.root, base=given)
    assert result.all
    assert result.base.commit is None
    assert list(result.functions) == ["locked", "payer", "plain"]
    assert "unknown, or history was rewritten" in result.functions["plain"][0]


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"CI_COMMIT_BEFORE_SHA": "first"}, "what the branch was before this push"),
        ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "first", "CI_COMMIT_BEFORE_SHA": ZEROS}, "left its target branch"),
        ({"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "first", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "newest"}, "the target"),
        ({"CI_COMMIT_BEFORE_SHA": ZEROS, "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "feature"}, "left main"),
    ],
)
def test_what_gitlab_says(branched, variables, why):
    known = {"first": branched.first, "newest": branched.newest}
    result = found(branched.root, {name: known.get(value, value) for name, value in variables.items()})
    assert result.base.commit == branched.first
    assert why in result.base.why
    assert list(result.functions) == ["plain"]


def test_a_pipeline_for_the_whole_default_branch_means_everything(branched):
    pipeline = {"CI_COMMIT_BEFORE_SHA": ZEROS, "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main"}
    assert found(branched.root, pipeline).all


def test_a_rewritten_history_is_compared_by_content_while_git_still_has_it(branched):
    branched.git("commit", "--quiet", "--amend", "--message", "again")
    result = found(branched.root, {"CI_COMMIT_BEFORE_SHA": branched.feature})
    assert result.rewritten
    assert list(result.functions) == ["plain"]
    assert result.functions["plain"][0].startswith("the tag `commit`")
    assert found(branched.root, {"CI_COMMIT_BEFORE_SHA": "a" * 40}).all


def test_a_shallow_clone_is_deepened(branched, tmp_path):
    for number in range(3):
        branched.write("functions/plain/data.txt", str(number))
        branched.commit()
    target = clone(branched, tmp_path / "clone", "--depth", "1", "--no-single-branch", "--branch", "feature")
    result = found(target)
    assert result.base.commit == branched.first
    assert list(result.functions) == ["plain"]
    other = clone(branched, tmp_path / "other", "--depth", "1", "--branch", "feature")
    result = found(other, base=branched.first)
    assert (result.base.commit, list(result.functions)) == (branched.first, ["plain"])


def test_the_default_branch_is_fetched_where_a_runner_has_only_its_own(branched, tmp_path):
    target = clone(branched, tmp_path / "clone", "--single-branch", "--branch", "feature")
    result = found(target, {"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "feature", "CI_COMMIT_BEFORE_SHA": ZEROS})
    assert (result.base.commit, result.base.why) == (branched.first, "where the branch left origin/main")
    assert list(result.functions) == ["plain"]


def test_a_shallow_clone_without_its_remote_means_everything(branched, tmp_path):
    target = clone(branched, tmp_path / "clone", "--depth", "1", "--no-single-branch", "--branch", "feature")
    branched.root.rename(tmp_path / "elsewhere")
    result = found(target)
    assert result.all
    assert "no common history with origin/main" in result.functions["plain"][0]
    head = branched.git("rev-parse", "origin/main", cwd=target)
    result = found(target, base=head)
    assert result.all
    assert "set GIT_DEPTH: 0" in result.functions["plain"][0]


def test_merges(branched):
    branched.git("merge", "--quiet", "--no-edit", "main")
    assert list(found(branched.root, base=branched.newest).functions) == ["plain"]
    assert list(found(branched.root, base=branched.feature).functions) == ["payer"]
    assert list(found(branched.root, base=branched.first).functions) == ["payer", "plain"]


def test_no_repository_no_commit_no_git(tmp_path, repository, monkeypatch):
    shut = tmp_path / "shut"
    for name, text in FILES.items():
        (shut / name).parent.mkdir(parents=True, exist_ok=True)
        (shut / name).write_text(text)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert found(shut).functions["plain"] == ["everything: this is no git repository, or git is missing"]
    repository.git("init", "--quiet", cwd=shut)
    assert found(shut).functions["plain"] == ["everything: nothing is committed yet"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found(repository.root).functions["plain"] == ["everything: this is no git repository, or git is missing"]


def test_unrelated_histories(repository):
    repository.git("switch", "--quiet", "--orphan", "other")
    for name, text in FILES.items():
        repository.write(name, text)
    repository.write("README.md", "another project\n")
    repository.commit()
    result = found(repository.root)
    assert result.all
    assert "no common history with main" in result.functions["plain"][0]


def test_several_merge_bases_and_an_unknown_default_branch(repository):
    repository.git("branch", "--move", "trunk")
    assert "not known here; name a commit by --base" in found(repository.root).base.why
    assert Repository.reasons(repository, "trunk") == {}
