import json
import threading

from toolchain.embedded_cluster import control


def served(path, answer):
    server = control.listen(path)
    got = []

    def serve():
        connection, _ = server.accept()
        with connection:
            got.append(control.receive(connection))
            connection.sendall(answer)
        server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return thread, got


def test_a_request_is_answered_even_where_the_path_is_longer_than_an_address_can_be(tmp_path):
    folder = tmp_path / ("deep" * 30) / ("er" * 30)
    folder.mkdir(parents=True)
    thread, got = served(folder / "control.sock", json.dumps({"fine": True}).encode())
    assert control.ask(folder / "control.sock", {"do": "status"}) == {"fine": True}
    thread.join()
    assert got == [{"do": "status"}]


def test_nobody_there_is_no_answer(tmp_path):
    assert control.ask(tmp_path / "control.sock", {"do": "status"}) is None
    assert control.ask(tmp_path / "nowhere" / "control.sock", {"do": "status"}) is None


def test_a_socket_that_was_left_behind_is_replaced(tmp_path):
    control.listen(tmp_path / "control.sock").close()
    assert control.ask(tmp_path / "control.sock", {"do": "status"}) is None
    thread, _ = served(tmp_path / "control.sock", b"{}")
    assert control.ask(tmp_path / "control.sock", {"do": "status"}) == {}
    thread.join()


def test_an_answer_that_is_no_object_is_none(tmp_path):
    thread, _ = served(tmp_path / "control.sock", b"[1")
    assert control.ask(tmp_path / "control.sock", {}) is None
    thread.join()


def test_only_root_may_ask(tmp_path):
    server = control.listen(tmp_path / "control.sock")
    assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600
    server.close()
