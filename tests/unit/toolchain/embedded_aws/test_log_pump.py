import os

from toolchain.embedded_aws.log_pump import LogPump


def pump():
    taken = []
    output_read, output = os.pipe()
    frames_read, frames = os.pipe()
    return LogPump(output_read, frames_read, lambda ms, message: taken.append((ms, message))), output, frames, taken


def frame(message, milliseconds=5):
    content = message.encode()
    return (
        (0xA55A0003).to_bytes(4, "big")
        + len(content).to_bytes(4, "big")
        + (milliseconds * 1000).to_bytes(8, "big")
        + content
    )


def test_lines_and_frames_arrive_with_their_boundaries():
    reader, output, frames, taken = pump()
    os.write(output, b"one\r\ntwo\nthr")
    reader.flush()
    assert [message for _, message in taken] == ["one", "two"]
    os.write(output, b"ee\n")
    os.write(frames, frame("a\nb\n", 7))
    reader.flush()
    assert [message for _, message in taken] == ["one", "two", "three", "a\nb"]
    assert taken[-1][0] == 7
    os.close(output)
    os.close(frames)
    reader.join()


def test_a_frame_in_pieces_is_put_together():
    reader, output, frames, taken = pump()
    data = frame("whole")
    for index in range(len(data)):
        os.write(frames, data[index : index + 1])
        reader.flush()
    assert [message for _, message in taken] == ["whole"]
    os.close(output)
    os.close(frames)
    reader.join()


def test_the_rest_without_a_line_end_arrives_at_the_end():
    reader, output, frames, taken = pump()
    os.write(output, b"last \xff words")
    os.close(output)
    os.close(frames)
    reader.join()
    assert [message for _, message in taken] == ["last \N{REPLACEMENT CHARACTER} words"]
    reader.flush()


def test_a_line_beyond_the_limit_of_an_event_is_cut():
    reader, output, frames, taken = pump()
    content = b"x" * 600_000 + b"\n"
    while content:
        content = content[os.write(output, content) :]
    reader.flush()
    os.close(output)
    os.close(frames)
    reader.join()
    assert sum(len(message) for _, message in taken) == 600_000
    assert max(len(message) for _, message in taken) <= 256 * 1024
