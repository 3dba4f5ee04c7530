import json

import pytest

from toolchain import go, kubernetes_provider


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """The provider's module as it is served, with the two files that its main package embeds."""
    folder = tmp_path / "module" / "cmd" / "pulumi-resource-kubernetes"
    folder.mkdir(parents=True)
    (folder / "schema.json").write_text('{\n  "name": "kubernetes",\n  "resources": {"b": "\\u00fc", "a": 1}\n}')
    (folder / "terraform-mapping.json").write_text('{\n  "name": "kubernetes",\n  "resources": {}\n}')
    monkeypatch.setattr(go, "module_folder", lambda *_: tmp_path / "module")
    return folder


def prepare(tmp_path):
    kubernetes_provider.prepare(tmp_path / "build", tmp_path / "go", {})
    return tmp_path / "build" / "kubernetes-provider"


def test_schema_gets_the_version_and_both_files_lose_their_spaces(upstream, tmp_path):
    package = prepare(tmp_path)
    schema = (package / "schema.json").read_text()
    assert schema == '{"name":"kubernetes","resources":{"b":"ü","a":1},"version":"4.25.0"}'
    assert (package / "terraform-mapping.json").read_text() == '{"name":"kubernetes","resources":{}}'


def test_module_set_and_main_package_lie_where_go_expects_them(upstream, tmp_path):
    package = prepare(tmp_path)
    main = (package / "main.go").read_text()
    for name in ("schema.json", "terraform-mapping.json"):
        assert f"//go:embed {name}\n" in main
    for name in ("go.mod", "go.sum"):
        assert (package.parent / name).read_bytes() == (kubernetes_provider.SOURCE / name).read_bytes()


@pytest.mark.parametrize("content", [None, "{", "[]", json.dumps({"name": "aws"})])
def test_a_module_laid_out_anew_is_an_error(upstream, tmp_path, content):
    target = upstream / "schema.json"
    target.unlink() if content is None else target.write_text(content)
    with pytest.raises(RuntimeError, match=r"schema\.json"):
        prepare(tmp_path)
