"""The official release: fetched over https, checked against the publisher's checksums, unpacked."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential
from urllib3.util import Retry

from toolchain.cache import Cache, Folder, new_entry
from toolchain.errors import SourceUnavailableError, disk_errors_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.parts import Part, Release
    from toolchain.progress import Reporter

CONNECT_SECONDS = 4.0
READ_SECONDS = 30.0
_CHUNK = 1 << 20
_ALGORITHMS = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Length of a hex digest to its algorithm; the AWS plugin's release lists SHA-1, the engine's stronger ones."""


class Downloader:
    """Fetches releases; a host that could not be reached is not asked again.

    Args:
        cache: Where the results go.
        reporter: Where progress goes.
    """

    def __init__(self, cache: Cache, reporter: Reporter) -> None:
        self._cache, self._reporter = cache, reporter
        self._unreachable: dict[str, str] = {}
        self._session = requests.Session()
        policy = Retry(
            total=4, connect=0, read=3, status=3, other=0, backoff_factor=0.5,
            status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False,
        )  # fmt: skip
        adapter = HTTPAdapter(max_retries=policy)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def cached(self, part: Part) -> Folder | None:
        """An earlier download of the same archive, or None."""
        return self._cache.find(part.name, part.version, _digest(part.release)) if part.release else None

    def fetch(self, part: Part) -> Folder:
        """Download, verify and install a part.

        Raises:
            SourceUnavailableError: It cannot be had or is not what the publisher lists; the next source may do.
            ToolchainError: This machine is the reason, such as a full disk.
        """
        release = part.release
        if release is None:
            raise SourceUnavailableError("there is no official archive of it")
        parts = urlsplit(release.base)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
            raise SourceUnavailableError(f"{release.base} is not https")
        host = parts.netloc
        if host in self._unreachable:
            raise SourceUnavailableError(self._unreachable[host])
        try:
            with self._cache.staging(part.name) as staged:
                return self._install(part, release, staged)
        except requests.exceptions.ConnectionError as error:
            self._unreachable[host] = f"{host} cannot be reached ({_cause(error)})"
            raise SourceUnavailableError(self._unreachable[host]) from error
        except requests.RequestException as error:
            raise SourceUnavailableError(f"{release.url}: {_cause(error)}") from error

    def _install(self, part: Part, release: Release, staged: Path) -> Folder:
        listed = self._checksum(release)
        algorithm = _ALGORITHMS[len(listed)]
        archive = staged / "archive"
        with disk_errors_named(f"downloading the {part.title}", self._cache.root):
            found = self._archive(part, release, archive, algorithm)
            if found != listed:
                raise SourceUnavailableError(
                    f"{release.url} has {algorithm} {found}, the publisher lists {listed}: not used"
                )
            content = staged / "content"
            content.mkdir()
            _unpack(archive, release, content)
        entry = new_entry(
            part=part.name,
            version=part.version,
            source="download",
            inputs=_digest(release),
            made_with="",
            verified=f"{algorithm} {listed} from {release.base}",
        )
        return self._cache.publish(content, _digest(release), entry)

    def _checksum(self, release: Release) -> str:
        for name in release.checksums:
            with self._get(f"{release.base}/{name}") as answer:
                if answer.status_code == requests.codes.not_found:
                    continue
                answer.raise_for_status()
                # A file of one archive's own may hold the digest alone.
                own = "" if name.startswith(release.archive) else release.archive
                for line in answer.text.splitlines():
                    digest, _, file = line.strip().partition(" ")
                    listed = Path(file.strip(" *")).name
                    if listed in {release.archive, own} and len(digest) in _ALGORITHMS:
                        return digest.lower()
            raise SourceUnavailableError(f"{release.base}/{name} does not list {release.archive}")
        raise SourceUnavailableError(f"{release.base} has no {' or '.join(release.checksums)} to check against")

    @retry(
        retry=retry_if_exception_type((requests.exceptions.ChunkedEncodingError, requests.exceptions.ReadTimeout)),
        stop=stop_after_attempt(3),
        wait=wait_exponential(multiplier=0.5),
        reraise=True,
    )
    def _archive(self, part: Part, release: Release, target: Path, algorithm: str) -> str:
        digest = hashlib.new(algorithm, usedforsecurity=False)
        title = f"downloading the {part.title} {part.version}"
        with self._get(release.url) as answer, target.open("wb") as file, self._reporter.task(title) as task:
            answer.raise_for_status()
            total = int(answer.headers.get("Content-Length", 0)) or None
            done = 0
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                of = f" of {total / 1e6:.0f}" if total else ""
                task.update(done, total, f"{done / 1e6:.0f}{of} MB")
        return digest.hexdigest()

    @contextmanager
    def _get(self, url: str) -> Iterator[requests.Response]:
        with self._session.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as answer:
            yield answer


def _digest(release: Release) -> str:
    return hashlib.sha256(release.url.encode()).hexdigest()


def _unpack(archive: Path, release: Release, target: Path) -> None:
    """Take the wanted regular files out of the archive, whatever folder they lie in there."""
    wanted = set(release.members)
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                name = Path(member.name).name
                source = tar.extractfile(member) if member.isreg() and name in wanted else None
                if source is None:
                    continue
                with source, (target / name).open("wb") as file:
                    shutil.copyfileobj(source, file, _CHUNK)
                (target / name).chmod(0o755)
                wanted.discard(name)
    except (tarfile.TarError, EOFError) as error:
        raise SourceUnavailableError(f"{release.url} is no readable archive ({error})") from error
    if wanted:
        raise SourceUnavailableError(f"{release.url} holds no {' and no '.join(sorted(wanted))}")


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words: what a user can act on."""
    inner = getattr(error, "reason", None) or (error.args[-1] if error.args else None)
    if isinstance(inner, BaseException):
        return _cause(inner)
    text = str(error)
    return text.partition("): ")[2] or text  # urllib3 begins with the connection's address in memory
