from toolchain.embedded_cluster import machine


def test_of_folders_below_a_covered_one_only_the_outermost_are_kept(tmp_path):
    var = tmp_path / "var"
    for name in ("lib/state/data", "cache", "lib/statefulness"):
        (var / name).mkdir(parents=True)
    (tmp_path / "home").mkdir()
    wanted = [
        var / "lib/state/data",
        var / "lib/state",
        var / "cache",
        var / "lib/statefulness",
        tmp_path / "home",
        var / "gone",
    ]
    assert list(machine._tops(wanted, var)) == [var / "cache", var / "lib/state", var / "lib/statefulness"]


def test_links_into_a_covered_folder_are_followed(tmp_path):
    (tmp_path / "run" / "real").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "run" / "real")
    assert list(machine._tops([tmp_path / "link"], tmp_path / "run")) == [tmp_path / "run" / "real"]
