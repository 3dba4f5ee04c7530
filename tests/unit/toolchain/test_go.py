import dataclasses

import pytest

from toolchain import go as golang


@pytest.fixture
def fake_go(executable):
    def write(folder, version):
        text = f"""echo '{{"GOVERSION": "{version}", "GOCACHE": "/c", "GOMODCACHE": "/m", "GOPROXY": "x"}}'"""
        return executable(folder / "go", text)

    return write


@pytest.fixture(autouse=True)
def only_these(monkeypatch, tmp_path):
    monkeypatch.setattr(golang.sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(golang, "USUAL_PLACE", str(tmp_path / "usual"))


def test_first_new_enough_go_wins_over_an_old_one_before_it(tmp_path, fake_go):
    fake_go(tmp_path / "old", "go1.19.8")
    fake_go(tmp_path / "environment" / "bin", "go1.27.3")
    env = {"PATH": f"{tmp_path / 'old'}:{tmp_path / 'none'}"}
    assert golang.locate(env, "1.25.11").version == "1.27.3"
    assert golang.locate(env, "1.28").version == "1.19.8"


def test_versions_compare_as_numbers(tmp_path, fake_go):
    fake_go(tmp_path / "a", "go1.9.7")
    fake_go(tmp_path / "b", "go1.25.11 X:nocoverageredesign")
    assert golang.locate({"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}, "1.25.2").version == "1.25.11"


def test_broken_go_counts_as_none(tmp_path, executable, fake_go):
    executable(tmp_path / "a" / "go", "exit 3")
    fake_go(tmp_path / "b", "devel")
    assert golang.locate({"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}, "1.21") is None


def test_go_where_its_own_archive_unpacks(tmp_path, fake_go):
    fake_go(tmp_path / "usual", "go1.26.0")
    assert golang.locate({"PATH": ""}, "1.21").path == tmp_path / "usual" / "go"


def test_minimum_is_the_highest_of_all_module_sets(engine, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "go.mod").write_text("module x\n\ngo 1.25.11\n")
    second = dataclasses.replace(engine, modules=dataclasses.replace(engine.modules, folder=other))
    assert golang.minimum_version((engine, second)) == "1.25.11"


def test_environment_pins_how_go_builds_and_keeps_the_users_mirror():
    made = golang.environment({"GOOS": "plan9", "GOARCH": "arm", "GOFLAGS": "-mod=mod", "GOPROXY": "https://m.test"})
    assert made["GOPROXY"] == "https://m.test"
    assert "GOOS" not in made
    assert "GOARCH" not in made
    assert made["GOFLAGS"] == "-mod=readonly -buildvcs=false"
    assert (made["CGO_ENABLED"], made["GOTOOLCHAIN"], made["GOWORK"]) == ("0", "local", "off")


@pytest.mark.parametrize(
    ("lines", "status", "said"),
    [
        (["write /x: no space left on device"], 1, "no space left for"),
        (["write /x: file too large"], 1, "no space left for"),
        (["dial tcp: lookup mirror.test: no such host"], 1, "name your team's mirror in GOPROXY"),
        (["reading https://mirror.test/x/@v/v1.zip: 404 Not Found"], 1, "name your team's mirror in GOPROXY"),
        (["main.go:3:2: undefined: x"], 1, "Go failed with status 1:\n    main.go:3:2: undefined: x"),
        ([], -9, "killed by signal 9; if memory ran out"),
    ],
)
def test_failures_are_told_apart(tmp_path, lines, status, said):
    text = golang.explain("building the engine", lines, status, tmp_path)
    assert text.startswith("building the engine: ")
    assert said in text


def test_folder_of_a_module_is_what_go_answers_after_fetching_it(tmp_path, executable):
    go = executable(tmp_path / "go", f'echo "$*" >> {tmp_path}/calls; [ "$2" = -m ] && echo "$PWD/module $A"; true')
    folder = golang.module_folder(go, {"PATH": "/bin", "A": "b"}, tmp_path, "example.test/m")
    assert str(folder) == f"{tmp_path}/module b"
    assert (tmp_path / "calls").read_text().splitlines() == [
        "mod download example.test/m",
        "list -m -f {{.Dir}} example.test/m",
    ]
