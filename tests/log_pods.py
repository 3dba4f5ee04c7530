"""Logs of pods, written as containerd and the kubelet do, and functions that log numbered lines into them."""

import datetime as dt
import gzip
import json
import random
import shutil
import threading
import time
import uuid

NAMESPACE = "slipway-test"
PART_BYTES = 16 * 1024  # containerd writes longer lines in parts of this


class Pod:
    """The logs of a pod, written as containerd and the kubelet do.

    Args:
        folder: Folder of the logs of all pods.
        function: Name of the function.
        container: Name of the container.

    Attributes:
        path: The file that is written now.
    """

    def __init__(self, folder, function, container="user-container", uid=None, revision="0123456789"):
        self.uid = uid or str(uuid.uuid4())
        self.name = f"{function}-{revision}-deployment-6b9f8c7d5-{self.uid[:5]}"
        self.folder = folder / f"{NAMESPACE}_{self.name}_{self.uid}" / container
        self.folder.mkdir(parents=True)
        self.path = self.folder / "0.log"
        self._file = self.path.open("ab", buffering=0)

    def write(self, *lines, stream="stdout"):
        """Write lines of text or bytes, each with its time; long ones in parts."""
        entries = []
        for line in lines:
            content = line if isinstance(line, bytes) else line.encode()
            for piece in content.split(b"\n"):
                *parts, last = [piece[at : at + PART_BYTES] for at in range(0, len(piece), PART_BYTES)] or [b""]
                entries += [_entry(stream, b"P", part) for part in parts]
                entries.append(_entry(stream, b"F", last))
        self._file.write(b"".join(entries))

    def write_many(self, lines, stream="stdout"):
        """Write many short lines of text at once."""
        moment = _moment()
        whole = b"".join(b"%s %s F %s\n" % (moment, stream.encode(), line.encode()) for line in lines)
        self._file.write(whole)

    def rotate(self, *late):
        """What the kubelet does when a file is too large: rename it, and have a new one written.

        Args:
            late: Lines that the runtime still writes into the renamed file, before it opens the new one.

        Returns:
            The renamed file.
        """
        stamp = f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"
        target = self.path.with_name(f"0.log.{stamp}")
        number = 0
        while target.exists() or target.with_name(f"{target.name}.gz").exists():
            number += 1
            target = self.path.with_name(f"0.log.{stamp}{number}")
        self.path.rename(target)
        self.write(*late)
        self._file.close()
        self._file = self.path.open("ab", buffering=0)
        return target

    def remove(self):
        """What the kubelet does when the pod is gone."""
        self._file.close()
        shutil.rmtree(self.folder.parent)


def compress(path):
    """What the kubelet does with a file that it has renamed before, when it renames the next one."""
    part = path.with_name(f"{path.name}.tmp")
    with gzip.open(part, "wb") as file:
        file.write(path.read_bytes())
    part.rename(path.with_name(f"{path.name}.gz"))
    path.unlink()


def _entry(stream, flag, content):
    return b"%s %s %s %s\n" % (_moment(), stream.encode(), flag, content)


def _moment():
    seconds, rest = divmod(time.time_ns(), 10**9)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z".encode()


class Function(threading.Thread):
    """A function that logs numbered lines: short and long ones, text and JSON, on both streams.

    Args:
        pod: Where it logs.
        count: How many lines.
        seed: What decides about their forms.
        per_second: How many lines a second; None for as many as it can.
        until: Moment of `time.monotonic()` at which it ends in any case.
        rotation: Number of lines after which its file is rotated.
        arrived: Whether a message is in the store. The kubelet compresses a file when it rotates the next one; here
            it does so when the agent has read the file, which a machine with nothing to spare cannot promise in time.

    Attributes:
        sent: Messages that it wrote.
    """

    _AT_ONCE = 50

    def __init__(self, pod, count, *, seed, per_second=None, until=None, rotation=None, arrived=None):
        super().__init__(daemon=True)
        self.sent = []
        self._pod, self._count, self._until = pod, count, until
        self._random = random.Random(f"{seed}/{pod.name.partition('-0123456789')[0]}")
        self._per_second, self._rotation, self._arrived = per_second, rotation, arrived
        self._rotated = []

    def run(self):
        """Write everything."""
        began = time.monotonic()
        while len(self.sent) < self._count and (self._until is None or time.monotonic() < self._until):
            here = min(self._AT_ONCE, self._count - len(self.sent))
            lines = [self._line() for _ in range(here)]
            if self._rotation and (len(self.sent) - here) // self._rotation < len(self.sent) // self._rotation:
                self._rotate(lines)
            else:
                self._pod.write(*lines, stream=self._random.choice(("stdout", "stderr")))
            if self._per_second is not None:
                time.sleep(max(0.0, began + len(self.sent) / self._per_second - time.monotonic()))

    def _line(self):
        number = len(self.sent)
        message = f"{self._pod.name} {number} {'x' * self._random.randrange(200)}"
        form = self._random.randrange(500)
        if form == 0:
            message += "y" * self._random.randrange(PART_BYTES, 3 * PART_BYTES)
        self.sent.append(message)
        return json.dumps({"level": "INFO", "message": message, "number": number}) if form < 50 else message

    def _rotate(self, lines):
        late = lines[: len(lines) // 2]
        while self._rotated:
            path, last = self._rotated.pop()
            while not self._arrived(last):
                time.sleep(0.05)
            compress(path)
        self._rotated.append((self._pod.rotate(*late), self.sent[len(self.sent) - len(lines) + len(late) - 1]))
        self._pod.write(*lines[len(late) :])
