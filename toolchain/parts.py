"""What the toolchain consists of: each part, its version and where it can come from."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain import aws_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent

_HOSTS = HERE / "language-hosts"
# The SDK that the language hosts are built with, one for all of them so that nothing is compiled twice.
_HOSTS_SDK = "3.206.0"

SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
"""Go module whose `version.Version` the linker sets, and which carries the Python host's shim."""


@dataclass(frozen=True, slots=True)
class Release:
    """An official release archive and the checksums published beside it.

    Attributes:
        base: Address of the release's folder, without a slash at the end.
        archive: File name of the archive for this platform.
        checksums: Names under which the publisher lists checksums; the first that exists is used.
        members: Base names of the files taken out of the archive.
    """

    base: str
    archive: str
    checksums: tuple[str, ...]
    members: tuple[str, ...]

    @property
    def url(self) -> str:
        """Address of the archive."""
        return f"{self.base}/{self.archive}"


@dataclass(frozen=True, slots=True)
class ModuleSet:
    """A main package built from pinned Go modules.

    Attributes:
        folder: Folder with go.mod, go.sum and, if the main package is ours, its sources.
        package: Import path of the main package; `.` is the build folder itself, `./x` a folder in it.
        version_symbol: Value that the linker gives `version.Version` of the Pulumi SDK; empty for none.
        module_files: Files copied out of a module's folder: (module, path inside it), installed with mode 755.
        prepare: Fills the build folder instead of a plain copy of go.mod and go.sum.
        inputs: Files outside `folder` that decide what is built.
        more: Further main packages of the same set: (file name of the executable, import path).
        variables: Further values that the linker sets: (variable with its package, value).
        module_folders: Folders copied out of modules: (module, path inside it, path beside the executables).
        cpu_seconds: CPU time of compiling everything, measured with empty caches on 2 cores.
        disk_mb: Megabytes that modules, compiled packages and the result need with empty caches.
    """

    folder: Path
    package: str
    version_symbol: str
    cpu_seconds: int
    disk_mb: int
    module_files: tuple[tuple[str, str], ...] = ()
    prepare: Callable[[Path, Path, Mapping[str, str]], None] | None = None
    inputs: tuple[Path, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    module_folders: tuple[tuple[str, str, str], ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Import paths of all main packages."""
        return (self.package, *(package for _, package in self.more))

    def sources(self) -> list[Path]:
        """Files of `folder` that decide what is built: its own, and those of the main packages below it.

        Main packages below it import no other package of it, so that one may change without building the others anew.
        """
        kept = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        ours = {package.removeprefix("./") for package in self.packages if package.startswith("./")}
        return sorted(
            path
            for path in kept
            if not path.name.endswith(("_test.go", ".md"))
            and ("." in self.packages or path.parent == self.folder or path.relative_to(self.folder).parts[0] in ours)
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the toolchain installs.

    Attributes:
        name: Short name; begins the name of its folder in the cache.
        title: Name in messages.
        version: Exact version that is installed; what is on PATH may be as described by `accepts`.
        binary: File name of the executable that is built or looked for.
        companions: Files that must lie beside the binary for it to work.
        version_command: Arguments that make the binary print its version.
        modules: How to build it.
        release: The official archive, or None when it travels in another part's archive.
        newer_is_compatible: Whether a newer minor release with the same major may stand in.
        comes_with: Name of the part whose folder holds this one, unless that part was built.
        plugin: Name of the plugin folder under PULUMI_HOME, or empty. A language host beside the engine has one too,
            for hosts of other languages: they start the components' host themselves, and do not look there.
        command: Whether a launcher of it is written into the virtual environment.
    """

    name: str
    title: str
    version: str
    binary: str
    modules: ModuleSet
    companions: tuple[str, ...] = ()
    version_command: tuple[str, ...] = ()
    release: Release | None = None
    newer_is_compatible: bool = False
    comes_with: str = ""
    plugin: str = ""
    command: bool = False

    @property
    def beside_engine(self) -> bool:
        """Whether it lies in one folder with the engine."""
        return bool(self.comes_with) or not (self.plugin or self.command)

    @property
    def files(self) -> tuple[str, ...]:
        """All files that make up the part, the binary first."""
        return (self.binary, *self.companions)


def platform_name(amd64: str) -> str:
    """`linux-x64`, `darwin-arm64` and the like; Pulumi's engine says x64 where its plugins say amd64."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{'arm64' if machine in {'arm64', 'aarch64'} else amd64}"


def all_parts() -> tuple[Part, ...]:
    """The parts in the order in which they are installed.

    Archive names are those of the publisher's release pages; the engine's archive brings language hosts along.
    """
    engine, aws = "3.256.0", "7.21.0"
    host = ("pulumi-language-python", "pulumi-language-python-exec")
    return (
        Part(
            name="engine",
            title="Pulumi engine",
            version=engine,
            binary="pulumi",
            version_command=("version",),
            newer_is_compatible=True,
            release=Release(
                base=f"https://github.com/pulumi/pulumi/releases/download/v{engine}",
                archive=f"pulumi-v{engine}-{platform_name('x64')}.tar.gz",
                checksums=(f"pulumi-{engine}-checksums.txt", "SHA512SUMS"),
                members=("pulumi", *host),
            ),
            modules=ModuleSet(
                folder=HERE / "engine",
                package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                version_symbol=f"v{engine}",
                cpu_seconds=350,
                disk_mb=2900,
            ),
        ),
        Part(
            name="python-host",
            title="Python language host",
            version=_HOSTS_SDK,
            binary=host[0],
            companions=host[1:],
            comes_with="engine",
            plugin=f"language-python-v{_HOSTS_SDK}",
            modules=ModuleSet(
                folder=_HOSTS,
                package="github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",
                version_symbol=f"v{_HOSTS_SDK}",
                module_files=((SDK_MODULE, f"python/cmd/{host[1]}"),),
                cpu_seconds=80,
                disk_mb=400,
            ),
        ),
        Part(
            name="aws-provider",
            title="AWS provider",
            version=aws,
            binary="pulumi-resource-aws",
            version_command=("-version",),
            plugin=f"resource-aws-v{aws}",
            release=Release(
                base=f"https://github.com/pulumi/pulumi-aws/releases/download/v{aws}",
                archive=f"pulumi-resource-aws-v{aws}-{platform_name('amd64')}.tar.gz",
                checksums=(f"pulumi-aws_{aws}_checksums.txt",),
                members=("pulumi-resource-aws",),
            ),
            modules=ModuleSet(
                folder=HERE / "aws-provider",
                package=".",
                version_symbol="",
                prepare=aws_provider.prepare,
                inputs=(HERE / "aws_provider.py",),
                cpu_seconds=335,
                disk_mb=3000,
            ),
        ),
    )


def yaml_host() -> Part:
    """What runs programs in Pulumi YAML: only those who use the components from such a program need it.

    The names of its archive and checksums are those of the publisher's release pages.
    """
    version = "1.25.0"
    return Part(
        name="yaml-host",
        title="Pulumi YAML language host",
        version=version,
        binary="pulumi-language-yaml",
        plugin=f"language-yaml-v{version}",
        release=Release(
            base=f"https://github.com/pulumi/pulumi-yaml/releases/download/v{version}",
            archive=f"pulumi-language-yaml-v{version}-{platform_name('amd64')}.tar.gz",
            checksums=(f"pulumi-yaml_{version}_checksums.txt",),
            members=("pulumi-language-yaml",),
        ),
        modules=ModuleSet(
            folder=_HOSTS,
            package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
            version_symbol=f"v{_HOSTS_SDK}",
            variables=(("github.com/pulumi/pulumi-yaml/pkg/version.Version", f"v{version}"),),
            cpu_seconds=40,
            disk_mb=300,
        ),
    )
