import json

from toolchain.embedded_cluster.content import volumes


class _Cluster:
    def __init__(self, folder, items):
        self.volumes, self._items, self.api, self.commands = folder, items, self, []

    def get(self, path):
        assert path == "/api/v1/persistentvolumes"
        return {"items": self._items}

    def kubectl(self, *arguments):
        self.commands.append(arguments)


def volume(name, phase):
    return {"metadata": {"name": name}, "status": {"phase": phase}}


def test_each_volume_has_a_folder_that_any_user_may_write(tmp_path):
    volumes.make_folders(tmp_path)

    documents = volumes.documents(tmp_path)
    assert len(documents) == volumes.COUNT
    for document in documents:
        folder = tmp_path / document["metadata"]["name"]
        assert document["spec"]["hostPath"] == {"path": str(folder), "type": "Directory"}
        assert document["spec"]["storageClassName"] == "standard"
        assert folder.stat().st_mode & 0o777 == 0o777


def test_volume_given_back_is_emptied_and_free_others_are_left(tmp_path):
    volumes.make_folders(tmp_path)
    for name in ("slipway-00", "slipway-01"):
        (tmp_path / name / "letters").write_text("old")
    cluster = _Cluster(tmp_path, [volume("slipway-00", "Released"), volume("slipway-01", "Bound")])

    volumes.give_back(cluster)

    assert list((tmp_path / "slipway-00").iterdir()) == []
    assert (tmp_path / "slipway-01" / "letters").read_text() == "old"
    ((verb, kind, name, _, patch),) = cluster.commands
    assert (verb, kind, name) == ("patch", "persistentvolume", "slipway-00")
    assert json.loads(patch.removeprefix("--patch=")) == {"spec": {"claimRef": None}}


def test_volumes_of_others_are_never_touched(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "data").write_text("keep")
    cluster = _Cluster(tmp_path, [volume("theirs", "Released")])

    volumes.give_back(cluster)

    assert (tmp_path / "theirs" / "data").read_text() == "keep"
    assert cluster.commands == []


def test_folder_that_is_gone_is_put_back(tmp_path):
    volumes.make_folders(tmp_path)
    (tmp_path / "slipway-07").rmdir()

    volumes.give_back(_Cluster(tmp_path, []))

    assert (tmp_path / "slipway-07").is_dir()
