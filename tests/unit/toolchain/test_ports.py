import os
import socket

import pytest

from toolchain import ports


def test_the_process_that_listens_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = ports.holder(listening.getsockname()[1])
    assert found.pid == os.getpid()
    assert found.command
    assert str(found).endswith(f"(process {os.getpid()})")


def test_a_free_port_has_no_holder():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert ports.holder(port) is None


@pytest.mark.parametrize("pid", [None, 0])
def test_what_may_not_be_seen_is_said_so(pid):
    assert str(ports._holder(pid)) == "another user's process (process unknown)"
