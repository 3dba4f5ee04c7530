import json

from toolchain.embedded_aws import firehose_spool
from toolchain.embedded_aws.firehose_spool import Spool


def entries(*numbers):
    return [{"n": number} for number in numbers]


def test_what_was_taken_comes_out_in_its_order(tmp_path):
    spool = Spool(tmp_path / "s")
    spool.put(entries(1, 2))
    spool.put(entries(3))
    assert spool.take(60, 10**9) is None, "it is neither old nor big enough"
    segment = spool.take(0, 10**9)
    assert segment.entries() == entries(1, 2, 3)
    assert spool.take(0, 0) is None


def test_a_segment_is_due_sooner_when_it_is_big(tmp_path):
    spool = Spool(tmp_path / "s")
    spool.put(entries(1))
    assert spool.take(60, 5).entries() == entries(1)


def test_another_process_finds_what_the_last_one_left_under_the_same_name(tmp_path):
    first = Spool(tmp_path / "s")
    first.put(entries(1))
    taken = first.take(0, 0)
    first.put(entries(2))
    second = Spool(tmp_path / "s")
    again = [second.take(60, 10**9), second.take(60, 10**9)]
    assert [segment.entries() for segment in again] == [entries(1), entries(2)]
    assert (again[0].id, again[0].created) == (taken.id, taken.created)
    assert second.take(0, 0) is None


def test_a_line_that_was_not_written_to_its_end_was_never_taken(tmp_path):
    spool = Spool(tmp_path / "s")
    spool.put(entries(1))
    (file,) = (tmp_path / "s").iterdir()
    with file.open("ab") as stream:
        stream.write(json.dumps({"n": 2}).encode()[:-2])
    assert Spool(tmp_path / "s").take(60, 10**9).entries() == entries(1)


def test_what_was_given_back_comes_first_again(tmp_path):
    spool = Spool(tmp_path / "s")
    spool.put(entries(1))
    segment = spool.take(0, 0)
    spool.put(entries(2))
    spool.put_back(segment)
    assert spool.take(60, 10**9).entries() == entries(1)


def test_what_is_delivered_for_good_is_gone(tmp_path):
    spool = Spool(tmp_path / "s")
    spool.put(entries(1))
    firehose_spool.remove(spool.take(0, 0))
    spool.put(entries(2))
    assert Spool(tmp_path / "s").take(60, 10**9).entries() == entries(2)


def test_a_deleted_stream_leaves_nothing(tmp_path):
    spool = Spool(tmp_path / "s")
    spool.put(entries(1))
    spool.clear()
    assert spool.take(0, 0) is None
    assert not (tmp_path / "s").exists()
    spool.put(entries(2))
    assert spool.take(0, 0).entries() == entries(2)
