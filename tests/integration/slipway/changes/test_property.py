"""Repositories that are changed at random: what `affected` says is what deployment would see, both ways."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from slipway.artifacts.builder import collect_all
from slipway.artifacts.commits import last_commits
from slipway.core import validate
from slipway.core.project import Project
from slipway.core.spec import function_spec
from tests.integration.slipway.changes.conftest import AWS, FILES, HASHED, KNATIVE, MANIFEST, Repository

FUNCTIONS = ("plain", "payer", "locked", "extra")
MODULES = ("__init__", "words", "late", "alone", "deep/__init__", "deep/one", "deep/two")
IMPORTS = (
    "from shared import money",
    "from shared.words import say",
    "import shared.deep.one",
    "from shared.deep import *",
    "def run_late():\n    import shared.late",
    "import importlib\nimportlib.import_module('shared.alone')",
    "import importlib\nname = 'x'\nimportlib.import_module(name)",
    "",
)
RELATIVE = (
    "from . import words",
    "from .deep import two",
    "def f():\n    from . import late",
    "import shared.alone",
    "",
)
RUN = "\n\n\ndef run(request):\n    return 'ok'\n"


def lines(number):
    return f"# {number}\n"


own = st.sampled_from(FUNCTIONS)
number = st.integers(0, 3)
edits = st.one_of(
    st.tuples(st.just("write"), st.builds("functions/{}/main.py".format, own),
              st.builds(lambda text, n: f"{text}\n{lines(n)}{RUN}", st.sampled_from(IMPORTS), number)),
    st.tuples(st.just("write"), st.builds("functions/{}/{}".format, own, st.sampled_from(
        ("data.json", "README.md", "tests/test.py", "sub/a b.txt", "sub/new\nline", ".hidden", "lib/helper.py"))),
        st.builds(lines, number)),
    st.tuples(st.just("write"), st.builds("functions/shared/{}.py".format, st.sampled_from(("money", *MODULES))),
              st.builds(lambda text, n: f"{text}\n{lines(n)}", st.sampled_from(RELATIVE), number)),
    st.tuples(st.just("write"), st.sampled_from(("functions/shared/rates.json", "functions/shared/deep/rates.json")),
              st.builds(lines, number)),
    st.tuples(st.just("write"), st.builds("functions/{}/requirements.txt".format, own),
              st.builds(lambda n, c: f"{lines(c)}framework==1.{n} {HASHED}\n", number, number)),
    st.tuples(st.just("write"), st.just("runtime/requirements.txt"),
              st.builds(lambda n: f"framework==1.{n} {HASHED}\nserver==2.0 {HASHED}\n", number)),
    st.tuples(st.just("write"), st.sampled_from(("runtime/slipway_runtime/__init__.py", "docs/a.md", "tests/a.py")),
              st.builds(lines, number)),
    st.tuples(st.just("write"), st.builds("functions/{}/function.yaml".format, own),
              st.builds(lambda n, more: f"{MANIFEST}memory: {256 + n}\n{more}", number,
                        st.sampled_from(("", "includes: [texts]\n", "includes: [texts/mail.html, money.py]\n")))),
    st.tuples(st.just("write"), st.just("functions/shared/texts/mail.html"), st.builds(lines, number)),
    st.tuples(st.just("write"), st.just("stacks/Pulumi.prod.yaml"), st.builds(
        lambda name, n: f"{AWS}  slipway:functions: {{{name}: {{memory: {512 + n}}}}}\n", own, number)),
    st.tuples(st.just("write"), st.just("stacks/Pulumi.dev.yaml"), st.builds(
        lambda name: f"{KNATIVE}  slipway:functions: {{{name}: {{enabled: false}}}}\n", own)),
    st.tuples(st.just("remove"), st.builds("functions/{}".format, own), st.just("")),
    st.tuples(st.just("remove"), st.builds("functions/shared/{}.py".format, st.sampled_from(MODULES)), st.just("")),
    st.tuples(st.just("commit"), st.just(""), st.just("")),
    st.tuples(st.just("branch"), st.just(""), st.just("")),
)  # fmt: skip


def change(repository, edits):
    for kind, name, text in edits:
        if kind == "write":
            folder = Path(name).parts[1] if name.startswith("functions/") else ""
            if folder in FUNCTIONS and not (repository.root / "functions" / folder / "main.py").exists():
                repository.write(f"functions/{folder}/main.py", RUN)
            if folder in FUNCTIONS and not (repository.root / "functions" / folder / "function.yaml").exists():
                repository.write(f"functions/{folder}/function.yaml", MANIFEST)
            repository.write(name, text)
        elif kind == "remove" and (repository.root / name).exists():
            repository.remove(name)
        elif kind == "commit":
            repository.commit()
        elif kind == "branch":
            # The files stay, the history is another: a merge of what was done so far into where it began.
            repository.commit()
            tree = repository.git("write-tree")
            parents = [word for parent in (repository.first, "HEAD") for word in ("-p", parent)]
            repository.git("reset", "--quiet", repository.git("commit-tree", tree, *parents, "-m", "merge"))

    # Settings of functions that are not there are a mistake, which is not what this is about.
    for name, text in (("dev", KNATIVE), ("prod", AWS)):
        stack = repository.root / f"stacks/Pulumi.{name}.yaml"
        named = [function for function in FUNCTIONS if f"{{{function}:" in stack.read_text()]
        if any(not (repository.root / "functions" / function).exists() for function in named):
            stack.write_text(text)


def deployed(project):
    """What deployment takes of each function: by environment its spec, its digest and its commit."""
    loaded = validate.load(project)
    loaded.require_valid()
    found = {}
    for environment, place in loaded.settings.items():
        functions = loaded.deployed(environment)
        inputs = collect_all(project, functions.values())
        commits = last_commits(project, {name: inputs[name].paths for name in functions})
        for name, function in functions.items():
            found[environment, name] = (function_spec(function, place), inputs[name].digest, commits[name])
    return found


def differing(before, now):
    return sorted({name for where, name in before.keys() | now.keys()
                   if before.get((where, name)) != now.get((where, name))})  # fmt: skip


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # an example takes a second: making one smaller would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.lists(edits, max_size=6), then=st.lists(edits, min_size=1, max_size=6))
def test_affected_is_what_deployment_sees(first, then):
    with tempfile.TemporaryDirectory() as scratch:
        repository = Repository(Path(scratch) / "project", files=FILES)
        change(repository, first)
        base = repository.commit()
        change(repository, then)
        found = repository.affected(base)
        at_base = Path(scratch) / "base"
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", repository.root, at_base], check=True)
        repository.git("checkout", "--quiet", base, cwd=at_base)
        before, now = deployed(Project(at_base)), deployed(repository.project)
        note(repository.git("log", "--stat", "--oneline"))
        note(repository.git("status", "--short"))
        note(str(dict(found.functions)))
        assert not found.all
        assert list(found.functions) == differing(before, now)
        assert all(found.functions.values())
        shutil.rmtree(at_base)
