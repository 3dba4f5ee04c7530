import pytest

from toolchain.embedded_cluster import logs


@pytest.fixture
def folder(tmp_path):
    for name in (
        "etcd.log",
        "kubelet.log",
        "pods/kube-system_coredns-1_uid/coredns/0.log",
        "pods/team_hello_uid/user/1.log",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name} {number}\n" for number in range(9)))
    (tmp_path / "start.log").touch()
    return tmp_path


def test_without_a_name_all_processes_that_said_something(folder):
    assert [path.name for path in logs.find(folder, None)] == ["etcd.log", "kubelet.log"]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("etcd", ["etcd.log"]),
        ("coredns", ["pods/kube-system_coredns-1_uid/coredns/0.log"]),
        ("team", ["pods/team_hello_uid/user/1.log"]),
        ("uid", []),
        ("nonsense", []),
    ],
)
def test_a_process_or_pods_by_some_of_their_name(folder, part, found):
    assert [str(path.relative_to(folder)) for path in logs.find(folder, part)] == found


def test_the_last_lines_are_shown(folder, capfd):
    logs.show(logs.find(folder, "etcd"), lines=2, follow=False)
    assert capfd.readouterr().out == "etcd.log 7\netcd.log 8\n"


def test_no_folder_has_no_logs(tmp_path):
    assert logs.find(tmp_path / "none", None) == []
