import dataclasses
import hashlib
import io
import socket
import tarfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from toolchain.cache import Cache
from toolchain.errors import SourceUnavailableError, ToolchainError
from toolchain.sources.download import Downloader


def archive(**files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"pulumi/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return stream.getvalue()


class Site:
    """A release folder on loopback. `answers[path]` is the body, a status, or "short" for a cut connection."""

    def __init__(self):
        self.answers, self.asked = {}, Counter()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked[self.path] += 1
                answer = site.answers.get(self.path, 404)
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                if isinstance(answer, int):
                    self.send_error(answer)
                    return
                body, cut = (answer[1], 10) if isinstance(answer, tuple) else (answer, 0)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) - cut])

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(Downloader._archive.retry, "sleep", lambda _: None)
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda *_: None)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def part(engine, site):
    return dataclasses.replace(engine, release=dataclasses.replace(engine.release, base=site.base))


@pytest.fixture
def body():
    return archive(engine="the engine", host="the host", other="not wanted")


def offer(site, body, algorithm="sha256", name="./engine.tar.gz"):
    site.answers["/engine.tar.gz"] = body
    site.answers["/checksums.txt"] = (
        f"{'0' * 64}  other.tar.gz\n{hashlib.new(algorithm, body).hexdigest()}  {name}\n".encode()
    )


def nothing_published(cache):
    return not list(cache.toolchain.glob("*-*")) and not list((cache.toolchain / ".staging").glob("*"))


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("name", ["engine.tar.gz", "./engine.tar.gz", "*engine.tar.gz"])
def test_installs_the_wanted_files_of_a_verified_archive(part, site, cache, reporter, body, algorithm, name):  # noqa: PLR0917
    offer(site, body, algorithm, name)
    folder = Downloader(cache, reporter).fetch(part)
    assert sorted(path.name for path in folder.path.iterdir()) == ["engine", "entry.json", "host"]
    assert (folder.path / "engine").read_text() == "the engine"
    assert (folder.path / "host").stat().st_mode & 0o777 == 0o755
    assert folder.entry.verified.startswith(f"{algorithm} ")
    assert Downloader(cache, reporter).cached(part) == folder


def test_wrong_checksum_installs_nothing_and_names_both(part, site, cache, reporter, body):
    offer(site, body)
    site.answers["/engine.tar.gz"] = archive(engine="evil!", host="the host")
    with pytest.raises(
        SourceUnavailableError, match=r"has sha256 [0-9a-f]{64}, the publisher lists [0-9a-f]{64}: not used"
    ):
        Downloader(cache, reporter).fetch(part)
    assert nothing_published(cache)


def test_archive_without_listed_checksum_is_not_fetched(part, site, cache, reporter, body):
    offer(site, body, name="another.tar.gz")
    with pytest.raises(SourceUnavailableError, match=r"does not list engine\.tar\.gz"):
        Downloader(cache, reporter).fetch(part)
    assert site.asked["/engine.tar.gz"] == 0


def test_second_name_of_the_checksums_is_tried(part, site, cache, reporter, body):
    offer(site, body)
    site.answers["/SUMS"] = site.answers.pop("/checksums.txt")
    release = dataclasses.replace(part.release, checksums=("checksums.txt", "SUMS"))
    assert Downloader(cache, reporter).fetch(dataclasses.replace(part, release=release))


def test_no_checksums_at_all_is_a_reason_to_refuse(part, site, cache, reporter, body):
    offer(site, body)
    del site.answers["/checksums.txt"]
    with pytest.raises(SourceUnavailableError, match=r"has no checksums\.txt to check against"):
        Downloader(cache, reporter).fetch(part)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refusal_moves_on_at_once(part, site, cache, reporter, body, status):  # noqa: PLR0917
    offer(site, body)
    site.answers["/engine.tar.gz"] = status
    with pytest.raises(SourceUnavailableError, match=str(status)):
        Downloader(cache, reporter).fetch(part)
    assert site.asked["/engine.tar.gz"] == 1
    assert nothing_published(cache)


def test_server_errors_are_tried_again(part, site, cache, reporter, body):
    offer(site, body)
    site.answers["/engine.tar.gz"] = [500, 503, body]
    assert Downloader(cache, reporter).fetch(part)
    assert site.asked["/engine.tar.gz"] == 3


def test_lasting_server_error_gives_up(part, site, cache, reporter, body):
    offer(site, body)
    site.answers["/engine.tar.gz"] = 500
    with pytest.raises(SourceUnavailableError, match="500"):
        Downloader(cache, reporter).fetch(part)
    assert 1 < site.asked["/engine.tar.gz"] < 10


def test_truncated_transfer_is_fetched_again(part, site, cache, reporter, body):
    offer(site, body)
    site.answers["/engine.tar.gz"] = [("short", body), body]
    assert Downloader(cache, reporter).fetch(part)
    assert site.asked["/engine.tar.gz"] == 2


def test_always_truncated_transfer_installs_nothing(part, site, cache, reporter, body):
    offer(site, body)
    site.answers["/engine.tar.gz"] = ("short", body)
    with pytest.raises(SourceUnavailableError):
        Downloader(cache, reporter).fetch(part)
    assert nothing_published(cache)


@pytest.mark.parametrize("broken", [b"no archive", archive(engine="without its companion")])
def test_archive_without_the_files_is_refused(part, site, cache, reporter, broken):
    offer(site, broken)
    with pytest.raises(SourceUnavailableError, match=r"holds no host|no readable archive"):
        Downloader(cache, reporter).fetch(part)
    assert nothing_published(cache)


def test_host_out_of_reach_is_asked_only_once(part, plugin, cache, reporter, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"
    downloader = Downloader(cache, reporter)
    first, second = (
        dataclasses.replace(one, release=dataclasses.replace(one.release, base=base)) for one in (part, plugin)
    )
    with pytest.raises(SourceUnavailableError, match=r"cannot be reached \(.*refused"):
        downloader.fetch(first)
    monkeypatch.setattr(downloader, "_session", None)  # a second connection would fail on it
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        downloader.fetch(second)


def test_unencrypted_address_is_refused(part, cache, reporter):
    release = dataclasses.replace(part.release, base="http://downloads.example.test/x")
    with pytest.raises(SourceUnavailableError, match="is not https"):
        Downloader(cache, reporter).fetch(dataclasses.replace(part, release=release))


def test_links_and_paths_in_the_archive_cannot_leave_the_folder(part, site, cache, reporter, tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        link = tarfile.TarInfo("pulumi/engine")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "outside")
        tar.addfile(link)
        for name in ("../../engine", "/host"):
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"text"))
    offer(site, stream.getvalue())
    folder = Downloader(cache, reporter).fetch(part)
    assert (folder.path / "engine").read_text() == "text"
    assert not (folder.path / "engine").is_symlink()
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "engine").exists()


def test_cache_that_cannot_be_made_is_said(part, site, reporter, body, tmp_path):
    offer(site, body)
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolchainError, match="cannot be written"):
        Downloader(Cache(tmp_path / "file" / "cache"), reporter).fetch(part)


def test_checksum_file_of_one_archive_may_hold_the_digest_alone(part, site, cache, reporter, body):
    site.answers["/engine.tar.gz"] = body
    site.answers["/engine.tar.gz.sha512"] = hashlib.sha512(body).hexdigest().encode()
    alone = dataclasses.replace(part.release, checksums=("engine.tar.gz.sha512",))
    folder = Downloader(cache, reporter).fetch(dataclasses.replace(part, release=alone))
    assert folder.entry.verified.startswith("sha512 ")


def test_a_digest_without_a_name_in_a_common_list_counts_for_nothing(part, site, cache, reporter, body):
    site.answers["/engine.tar.gz"] = body
    site.answers["/checksums.txt"] = hashlib.sha256(body).hexdigest().encode()
    with pytest.raises(SourceUnavailableError, match=r"does not list engine\.tar\.gz"):
        Downloader(cache, reporter).fetch(part)
