"""Deployed packages and layers on disk: unpacked once for each content, read-only."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path

from toolchain.embedded_aws.errors import EmbeddedAwsError

_MAX_UNPACKED_BYTES = 250 * 1024 * 1024
_FILE_MODE, _FOLDER_MODE = 0o444, 0o555
_EXECUTE_BITS = 0o111


class PackageStore:
    """Unpacks zips below one folder, each under the digest of its bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Remove everything; nothing may run from here any more."""
        if self._folder.exists():
            _make_writable(self._folder)
            shutil.rmtree(self._folder)

    def unpack(self, content: bytes, code_sha256: str, owner: str) -> Path:
        """The folder with the files of a zip.

        Args:
            content: The zip.
            code_sha256: Digest that the control plane recorded for it, base64 of SHA-256.
            owner: Function or layer that it belongs to, for messages.

        Raises:
            EmbeddedAwsError: The bytes are not those that were deployed, are no zip, or unpack to more than 250 MB.
        """
        digest = hashlib.sha256(content)
        if base64.b64encode(digest.digest()).decode() != code_sha256:
            raise EmbeddedAwsError(f"{owner}: the stored package is not the deployed one (CodeSha256 {code_sha256})")
        target = self._folder / digest.hexdigest()
        with self._lock:
            if not target.exists():
                self._unpack_new(content, target, owner)
        return target

    def _unpack_new(self, content: bytes, target: Path, owner: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=self._folder))
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _refuse_large(archive, owner)
                for entry in archive.infolist():
                    path = scratch / archive.extract(entry, scratch)
                    if not entry.is_dir():
                        path.chmod(_FILE_MODE | (entry.external_attr >> 16) & _EXECUTE_BITS)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            shutil.rmtree(scratch, ignore_errors=True)
            raise EmbeddedAwsError(f"{owner}: the package cannot be unpacked ({error})") from error
        except EmbeddedAwsError:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        scratch.rename(target)
        for folder in (*(path for path in target.rglob("*") if path.is_dir()), target):
            folder.chmod(_FOLDER_MODE)


def _refuse_large(archive: zipfile.ZipFile, owner: str) -> None:
    size = sum(entry.file_size for entry in archive.infolist())
    if size > _MAX_UNPACKED_BYTES:
        megabytes = size / 1024**2
        raise EmbeddedAwsError(f"{owner}: the package unpacks to {megabytes:.0f} MB; Lambda takes 250 MB at the most")


def _make_writable(folder: Path) -> None:
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())):
        path.chmod(0o755)
