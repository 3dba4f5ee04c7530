import pytest
from packaging.requirements import Requirement

from slipway.artifacts.bundle import Platform, _Distribution, _owners, _stays, staying
from slipway.artifacts.lockfile import parse_direct, parse_lock, parse_names
from slipway.artifacts.uv import RegistryError, explain
from slipway.core.errors import BadInputError


def dist(name, *requires, files=()):
    return _Distribution(name, "1.0", tuple(map(Requirement, requires)), dict(files))


FRAMEWORK = [
    dist("functions-framework", "flask", "Uvicorn>=1", "starlette", "watchdog"),
    dist("flask", "werkzeug"),
    dist("werkzeug", "watchdog; extra == 'watchdog'"),
    dist("watchdog"),
    dist("uvicorn", "h11", "httptools; extra == 'standard'"),
    dist("httptools"),
    dist("h11"),
    dist("starlette", "anyio; python_version >= '3.10'"),
    dist("anyio", "idna"),
    dist("idna"),
]
CUT = ["uvicorn", "starlette", "watchdog"]


def stays(*more, roots=("functions-framework",), cut=CUT, runtime="python3.11"):
    environment = Platform.of(runtime, "x86_64").markers()
    names = staying([*FRAMEWORK, *more], roots=roots, cut=cut, environment=environment)
    return names - {"functions-framework", "flask", "werkzeug"}


def test_what_only_serves_outside_lambda_goes_with_what_only_it_needs():
    # httptools: nobody reached it before either, so nothing is known against it
    assert stays() == {"httptools"}


def test_what_something_else_needs_stays():
    client = dist("requests", "idna")
    assert stays(client, roots=("functions-framework", "requests")) == {"requests", "idna", "httptools"}


def test_what_the_developer_asks_for_stays_with_what_it_needs():
    assert stays(roots=("functions-framework", "starlette")) == {"starlette", "anyio", "idna", "httptools"}


def test_extras_of_the_developer_and_of_distributions_are_followed():
    assert stays(roots=("functions-framework", "uvicorn[standard]")) == {"uvicorn", "h11", "httptools"}
    assert stays(dist("dev", "werkzeug[watchdog]"), roots=("functions-framework", "dev")) == {
        "dev",
        "watchdog",
        "httptools",
    }


def test_markers_are_those_of_the_target_not_of_this_machine():
    assert stays(dist("a", "idna; sys_platform == 'win32'"), roots=("functions-framework", "a")) == {"a", "httptools"}
    assert "idna" in stays(dist("a", "idna; python_version >= '3.13'"), roots=("a",), runtime="python3.13")


def test_without_a_list_of_what_was_asked_for_all_stays():
    assert stays(roots=None) == {"uvicorn", "httptools", "h11", "starlette", "anyio", "idna", "watchdog"}


@pytest.mark.parametrize(
    ("name", "stay"),
    [
        ("flask/app.py", True),
        ("flask-3.0.dist-info/METADATA", True),
        ("flask-3.0.dist-info/entry_points.txt", True),
        ("flask-3.0.dist-info/licenses/LICENSE", True),
        ("flask-3.0.dist-info/RECORD", False),
        ("flask-3.0.dist-info/INSTALLER", False),
        ("flask-3.0.dist-info/direct_url.json", False),
        ("flask-3.0.dist-info/REQUESTED", False),
        ("RECORD", True),
        ("flask/bin/tool", True),
        ("bin/flask", False),
        ("../../etc/x", False),
        ("flask/__pycache__/app.cpython-311.pyc", False),
        ("flask/app.pyc", False),
        ("namespace.pth", False),
        ("torch/weights.pth", True),
    ],
)
def test_what_is_left_out_of_dependencies(name, stay):
    assert _stays(name) is stay


def test_a_file_of_two_distributions_belongs_to_the_first_by_name():
    kept = [dist("a", files={"tests/__init__.py": "1"}), dist("b", files={"tests/__init__.py": "2", "b.py": "3"})]
    assert _owners(kept) == {"tests/__init__.py": "a", "b.py": "b"}


@pytest.mark.parametrize(
    ("runtime", "architecture", "tag"),
    [
        ("python3.11", "x86_64", "x86_64-manylinux2014"),
        ("python3.11", "arm64", "aarch64-manylinux2014"),
        ("python3.12", "x86_64", "x86_64-manylinux_2_34"),
        ("python3.13", "arm64", "aarch64-manylinux_2_34"),
    ],
)
def test_platforms(runtime, architecture, tag):
    assert Platform.of(runtime, architecture).tag == tag


def test_reading_a_lock_file():
    lock = parse_lock(
        "# head\nFlask[async]==3.0 ; python_version < '4' \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\n"
        "    # via x\nsix==1 --hash sha256:cc # said\n"
    )
    assert lock.names == {"flask", "six"}
    assert lock.mistakes == ()
    assert lock.lines["six"] == "six==1 --hash sha256:cc\n"


@pytest.mark.parametrize("text", ["six==1.*", "six", "six>=1", "six==1,<2", "-e .", "six==1 --hash=md5:aa", "!"])
def test_what_is_no_pin_is_a_mistake(text):
    lock = parse_lock(f"\n{text}{'' if '--hash' in text else ' --hash=sha256:aa'}\n")
    assert [mistake.line for mistake in lock.mistakes] == [2]


def test_an_unfinished_last_line_counts():
    assert parse_lock("six==1 \\\n --hash=sha256:aa \\").names == {"six"}


def test_names_that_are_asked_for():
    assert parse_direct("# x\nFlask>=3\n-c limits.txt\nuvicorn[standard,fast] ; python_version>'3'\n") == {
        "flask",
        "uvicorn[fast,standard]",
    }
    assert parse_names("gunicorn  # why\n\n# all\nTyping_Extensions\n") == {"gunicorn", "typing-extensions"}


@pytest.mark.parametrize(
    ("output", "kind", "message"),
    [
        ("error: Failed to download `idna==3.10`\n  cause: Hash mismatch for `idna==3.10`\n", BadInputError, "function 'orders': idna==3.10: the index serves other bytes"),
        ("error: No solution found when resolving dependencies\n  cause: Because docopt==0.6.2 has no usable wheels and you require", BadInputError, "docopt==0.6.2 is published as source only"),
        ("cause: Because pywin32==306 has no wheels with a matching platform tag (e.g., `x`)", BadInputError, "pywin32==306 has no wheel for Python 3.11 on x; pick"),
        ("cause: Because there is no version of idna==99.10 and you require", BadInputError, "the index has no idna==99.10; run `slipway lock orders`"),
        ("cause: Because nope was not found in the package registry and", BadInputError, "the index has no package nope"),
        ("error: No solution found when resolving dependencies:\n  cause: Because a==1 depends on b<2\n      and you require b>2.\n\nhint: x", BadInputError, "contradict each other: Because a==1 depends on b<2 and you require b>2"),
        ("error: Failed to write: No space left on device (os error 28)", RegistryError, "no space left"),
        ("error: Failed to fetch: http://x/\n cause: error sending request for url", RegistryError, "cannot be reached"),
        ("Using CPython\nResolved 2\nerror: something new", RegistryError, "uv failed: error: something new"),
        ("error: https://me:secret@index/simple odd", RegistryError, "https://***@index/simple odd"),
    ],
)  # fmt: skip
def test_what_uv_says_in_our_words(output, kind, message):
    error = explain(output, function="orders", target="Python 3.11 on x")
    assert type(error) is kind
    assert message in str(error)
    assert "secret" not in str(error)
