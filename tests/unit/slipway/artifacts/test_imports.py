import builtins
import contextlib
import importlib
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from slipway.artifacts.imports import references


def names(source, **where):
    found = references(source.encode(), below="shared", **where)
    return None if found.dynamic else set(found.names)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os, shared_things, sharedx.money", set()),
        ("import shared", {"shared"}),
        ("import shared.money as m", {"shared.money"}),
        ("from shared import money, queues as q", {"shared", "shared.money", "shared.queues"}),
        ("from shared.money import show", {"shared.money", "shared.money.show"}),
        ("from shared.plugins import *", {"shared.plugins", "shared.plugins.*"}),
        ("from . import money", set()),
        ("from .shared import money", set()),
        ("def f():\n    from shared import money", {"shared", "shared.money"}),
        ("try:\n    import shared.fast\nexcept ImportError:\n    import shared.slow", {"shared.fast", "shared.slow"}),
        ("import importlib\nimportlib.import_module('shared.money')", {"shared.money"}),
        ("import importlib as il\nil.import_module(name='shared.money')", {"shared.money"}),
        ("from importlib import import_module as load\nload('shared.money')", {"shared.money"}),
        ("__import__('shared.money')", {"shared.money"}),
        ("import pkgutil\npkgutil.resolve_name('shared.money:show')", {"shared.money"}),
        ("from importlib import resources\nresources.files('shared.rates')", {"shared.rates"}),
        ("import importlib.util\nimportlib.util.find_spec('shared.money')", {"shared.money"}),
        ("import importlib\nimportlib.import_module(f'plugins.{x}')", set()),
        ("import importlib\nimportlib.import_module('plugins.' + x)", set()),
        ("import importlib\nimportlib.import_module('.x', __package__)", set()),
        ("'shared.money'", set()),
        ("def import_module(x): ...\nimport_module(1)", set()),
    ],
)
def test_names_that_can_be_read(source, expected):
    assert names(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module(name)",
        "import importlib\nimportlib.import_module(f'shared.{x}')",
        "import importlib\nimportlib.import_module(f'{x}.money')",
        "import importlib\nimportlib.import_module('sha' + x)",
        "import importlib\nimportlib.import_module('%s.money' % x)",
        "import importlib\nimportlib.import_module()",
        "import importlib\nlist(map(importlib.import_module, names))",
        "from importlib import import_module\nload = import_module",
        "__import__('shared', fromlist=[x])if 0 else __import__(x)",
        "exec(code)",
        "import runpy\nrunpy.run_path('shared/money.py')",
        "import pkgutil\nfor m in pkgutil.iter_modules(p): ...",
        "import importlib.util as u\nu.spec_from_file_location('m', 'shared/money.py')",
    ],
)
def test_names_only_known_at_run_time_mean_any_module(source):
    assert names(source) is None


@pytest.mark.parametrize(
    ("source", "module", "is_package", "expected"),
    [
        ("from . import b", "shared.a", False, {"shared", "shared.b"}),
        ("from .b import c", "shared.a", False, {"shared.b", "shared.b.c"}),
        ("from . import b", "shared.p", True, {"shared.p", "shared.p.b"}),
        ("from .. import b", "shared.p.m", False, {"shared", "shared.b"}),
        ("from ..q.r import s", "shared.p.m", False, {"shared.q.r", "shared.q.r.s"}),
        ("from .... import b", "shared.p.m", False, set()),
        ("import importlib\nimportlib.import_module('.b', __package__)", "shared.p.m", False, {"shared.p.b"}),
        ("import importlib\nimportlib.import_module('..b', package='shared.p')", "shared.p.m", False, {"shared.b"}),
        ("import importlib\nimportlib.import_module('.b', __name__)", "shared.p", True, {"shared.p.b"}),
    ],
)
def test_relative_imports_inside_shared(source, module, is_package, expected):
    assert names(source, module=module, is_package=is_package) == expected


@pytest.mark.parametrize("source", [b"def f(:", b"x = '\0'", b"\xff\xfe", b"(" * 3000])
def test_what_is_not_python_is_a_syntax_error(source):
    with pytest.raises(SyntaxError):
        references(source, below="shared")


def test_encoding_declarations_and_byte_order_marks_are_read():
    assert references(b"# coding: latin-1\nimport shared.a # \xe9", below="shared").names == {"shared.a"}
    assert references(b"\xef\xbb\xbfimport shared.a", below="shared").names == {"shared.a"}


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_give_references_or_a_syntax_error(source):
    with contextlib.suppress(SyntaxError):
        references(source, below="shared")


MODULES = ["a", "b", "p", "p.x", "p.y", "p.q", "p.q.z"]
PACKAGES = {"", "p", "p.q"}
_absolute = st.sampled_from([f"import shared.{m}" for m in MODULES])
_from_module = st.sampled_from([f"from shared.{m} import __name__ as n" for m in MODULES])
_from_package = st.sampled_from(
    [f"from {package} import {module}" for package, _, module in (f"shared.{m}".rpartition(".") for m in MODULES)]
)
_literal = st.sampled_from([f"importlib.import_module('shared.{m}')" for m in MODULES])
_lazy = st.sampled_from([f"def f():\n    import shared.{m}\nf()" for m in MODULES])
_relative = st.sampled_from(["from . import a", "from .p import x", "from .p.q import z", "from . import p"])
_statements = st.one_of(_absolute, _from_module, _from_package, _literal, _lazy)


def _file(module):
    path = module.replace(".", "/")
    return f"{path}/__init__.py".lstrip("/") if module in PACKAGES else f"{path}.py"


@given(
    st.fixed_dictionaries({m: st.lists(_statements, max_size=2) for m in MODULES}),
    st.lists(_relative, max_size=1),
    st.lists(_statements, min_size=1, max_size=3),
)
@example({m: [] for m in MODULES}, [], ["importlib.import_module('shared.p.q.z')"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everything_that_python_really_imports_travels(tmp_path_factory, monkeypatch, inside, init, main):
    """The real import system is the judge: what it loads must have been taken."""
    from slipway.artifacts.content import shared_facts
    from slipway.artifacts.shared import SharedCode
    from slipway.artifacts.tree import scan

    root = tmp_path_factory.mktemp("case")
    sources = {"": init, **inside}
    for module, lines in sources.items():
        path = root / "shared" / _file(module)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import importlib\n" + "\n".join(lines) + "\n")
    code = SharedCode.of(shared_facts(scan(root / "shared"))["files"])
    found = references(("import importlib\n" + "\n".join(main)).encode(), below="shared")
    taken = set(code.taken(found.names, dynamic=found.dynamic))

    loaded = _run("import importlib\n" + "\n".join(main), root)
    assert {_file(name.removeprefix("shared").lstrip(".")) for name in loaded} <= taken


def _run(source, root):
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        # A circular import may fail half-way; what was loaded until then still had to be there.
        with contextlib.suppress(ImportError):
            exec(compile(source, "main", "exec"), {"__builtins__": builtins, "__name__": "main"})
        return {name for name in sys.modules if name == "shared" or name.startswith("shared.")}
    finally:
        sys.path.remove(str(root))
        for name in [n for n in sys.modules if n == "shared" or n.startswith("shared.")]:
            del sys.modules[name]
