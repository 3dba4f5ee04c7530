"""Prepare the source of the AWS provider for a build that takes minutes, not an hour.

The provider is Terraform's AWS provider behind Pulumi's bridge. Upstream compiles 263 services with an SDK package
each; which of them are compiled is decided by two generated files. `prepare` copies what is needed of the upstream
module, cuts both files down to the services that Slipway deploys, and points the module set at the copy.

Every cut is checked: a file of upstream that no longer has the shape described here stops the build with
`UpstreamChangedError` and says what was expected, so that a version bump can never give a provider with silent holes.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain import go as golang

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOURCE = Path(__file__).parent / "aws-provider"
"""Our module set: `main` package of the provider and the pinned requirements."""

STAND_INS = SOURCE / "_upstream"
"""Files of ours that are added to the copy, at the same path."""

REPLACED = ("internal/service/ec2",)
"""Upstream packages of which nothing is copied: only our files are there."""

UPSTREAM = "github.com/hashicorp/terraform-provider-aws"
"""Import path of the upstream module, under which a `replace` in go.mod names what is served."""

SERVICES = (
    "apigatewayv2", "cloudwatch", "dynamodb", "ecr", "events", "firehose", "iam", "kms", "lambda", "logs", "s3",
    "s3control", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "sts",
)  # fmt: skip
"""Service packages that are compiled: those of the mapped resources, and those that these need at run time."""

_ROOT_PACKAGE = "slipway"
_PACKAGES_FILE = "internal/provider/sdkv2/service_packages_gen.go"
_CLIENTS_FILE = "internal/conns/awsclient_gen.go"


class UpstreamChangedError(RuntimeError):
    """The upstream source no longer has the shape that the cut relies on."""


def prepare(build_dir: Path, go: Path, env: Mapping[str, str]) -> None:
    """Fill `build_dir` with a main package that `go build .` turns into `pulumi-resource-aws`.

    Args:
        build_dir: Folder to fill; created when missing. An earlier content of the same names is replaced.
        go: The `go` command; it may download the upstream module through the configured proxy.
        env: Environment of that command.

    Raises:
        UpstreamChangedError: the upstream module has another shape than expected.
        subprocess.CalledProcessError: `go` could not provide the module; its stderr has the reason.
    """
    upstream = golang.module_folder(go, env, SOURCE, UPSTREAM)
    build_dir.mkdir(parents=True, exist_ok=True)
    copy = build_dir / "upstream"
    for target in (copy, build_dir / "go.mod", build_dir / "go.sum"):
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    shutil.copytree(SOURCE, build_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns(STAND_INS.name))
    copy_cut(upstream, copy, SERVICES)
    go_mod = build_dir / "go.mod"
    go_mod.write_text(replace_upstream(go_mod.read_text(encoding="utf-8"), "./upstream"), encoding="utf-8")


def copy_cut(upstream: Path, copy: Path, services: Iterable[str]) -> None:
    """Copy what `services` need of the upstream module and cut its generated files down to them.

    Args:
        upstream: Folder of the upstream module; only read.
        copy: Folder to write; must not exist.
        services: Names of service packages, folders of `internal/service`.

    Raises:
        UpstreamChangedError: the upstream module has another shape than expected.
    """
    module = _Module(upstream, {_PACKAGES_FILE: cut_packages(_read(upstream, _PACKAGES_FILE), services)})
    folders = module.closure(_ROOT_PACKAGE)
    called = {name for folder in folders for name in module.called_clients(folder)} - module.own_clients()
    module.replaced[_CLIENTS_FILE] = cut_clients(_read(upstream, _CLIENTS_FILE), called)
    module.copy_to(copy, folders)


def cut_packages(text: str, services: Iterable[str]) -> str:
    """Keep of the generated list of service packages the imports and entries of `services`.

    Args:
        text: Go source that imports each service package and lists `<service>.ServicePackage(ctx)`.
        services: Names of service packages to keep.

    Returns:
        The same source without the lines of every other service.

    Raises:
        UpstreamChangedError: a service is missing, or imports and entries do not belong together.
    """
    wanted = set(services)
    imported = set(_SERVICE_IMPORT.findall(text))
    listed = set(_SERVICE_ENTRY.findall(text))
    if imported != listed or not imported:
        raise UpstreamChangedError(
            f"{_PACKAGES_FILE}: imports and listed service packages differ in {sorted(imported ^ listed)}; "
            "expected one `<service>.ServicePackage(ctx),` for each import"
        )
    if missing := wanted - imported:
        raise UpstreamChangedError(f"{_PACKAGES_FILE}: no service package named {', '.join(sorted(missing))}")

    def keep(match: re.Match[str]) -> str:
        return match[0] if match[1] in wanted else ""

    return _SERVICE_ENTRY.sub(keep, _SERVICE_IMPORT.sub(keep, text))


def cut_clients(text: str, called: Iterable[str]) -> str:
    """Keep of the generated client methods those that are called, and their imports.

    Args:
        text: Go source with one method `<Service>Client` for each service, and the imports of their SDK packages.
        called: Names of functions and methods that the kept source calls; names of other functions do no harm.

    Returns:
        The same source without the methods and SDK imports of every other service.

    Raises:
        UpstreamChangedError: the methods are not recognised, or an import belongs to none of them.
    """
    wanted = set(called)
    packages = {match["name"]: match["package"] for match in _CLIENT_METHOD.finditer(text)}
    imported = set(_SDK_IMPORT.findall(text))
    functions = text.count("\nfunc ")
    if set(packages.values()) != imported or not imported or len(packages) != functions:
        raise UpstreamChangedError(
            f"{_CLIENTS_FILE}: {len(packages)} of {functions} functions are recognised as client methods, "
            f"SDK imports without a method or the reverse: {sorted(set(packages.values()) ^ imported)}"
        )
    used = {package for name, package in packages.items() if name in wanted}
    text = _CLIENT_METHOD.sub(lambda match: match[0] if match["name"] in wanted else "", text)
    return _SDK_IMPORT.sub(lambda match: match[0] if match[1] in used else "", text)


def replace_upstream(go_mod: str, path: str) -> str:
    """Point the `replace` of the upstream module in a go.mod at a folder.

    Raises:
        UpstreamChangedError: go.mod has not exactly one such `replace`.
    """
    changed, count = re.subn(rf"^(replace {re.escape(UPSTREAM)} =>) .*$", rf"\1 {path}", go_mod, flags=re.MULTILINE)
    if count != 1:
        raise UpstreamChangedError(f"{SOURCE / 'go.mod'}: expected one `replace {UPSTREAM} => ...`, found {count}")
    return changed


_SERVICE_IMPORT = re.compile(rf'^\t"{re.escape(UPSTREAM)}/internal/service/(\w+)"\n', re.MULTILINE)
_SERVICE_ENTRY = re.compile(r"^\t\t(\w+)\.ServicePackage\(ctx\),\n", re.MULTILINE)
_SDK_IMPORT = re.compile(r'^\t"github\.com/aws/aws-sdk-go-v2/service/(\w+)"\n', re.MULTILINE)
_CLIENT_METHOD = re.compile(
    r"^func \(c \*AWSClient\) (?P<name>\w+Client)\(ctx context\.Context\) \*(?P<package>\w+)\.Client \{\n"
    r"(?:\t.*\n)+\}\n\n?",
    re.MULTILINE,
)
_IMPORT = re.compile(rf'^\s*(?:import\s+)?(?:[\w.]+\s+)?"{re.escape(UPSTREAM)}/([^"]+)"', re.MULTILINE)
_METHOD = re.compile(r"^func \(\w+ \*AWSClient\) (\w+)\(", re.MULTILINE)
_CALL = re.compile(r"\b(\w+Client)\(")
_EMBED = re.compile(r"^//go:embed (.+)$", re.MULTILINE)


@dataclass
class _Module:
    """The upstream module, with some files replaced by cut ones."""

    root: Path
    replaced: dict[str, str]

    def sources(self, folder: str) -> Iterator[tuple[Path, str]]:
        """The Go files of a package, without tests, each as path inside the module and text."""
        for root in (STAND_INS,) if folder in REPLACED else (STAND_INS, self.root):
            for path in sorted((root / folder).glob("*.go")):
                if not path.name.endswith("_test.go"):
                    inside = path.relative_to(root)
                    yield inside, self.replaced.get(inside.as_posix()) or path.read_text(encoding="utf-8")

    def closure(self, start: str) -> set[str]:
        """The folders of `start` and of every package of the module that it imports, directly or not."""
        found: set[str] = set()
        pending = [start]
        while pending:
            folder = pending.pop()
            if folder in found:
                continue
            found.add(folder)
            sources = list(self.sources(folder))
            if not sources:
                raise UpstreamChangedError(f"{UPSTREAM}/{folder}: no Go source there, though something imports it")
            pending.extend(name for _, text in sources for name in _IMPORT.findall(text))
        return found

    def called_clients(self, folder: str) -> set[str]:
        """Names of called functions that end in `Client`, outside the generated file that defines them."""
        return {
            name
            for path, text in self.sources(folder)
            if path.as_posix() != _CLIENTS_FILE
            for name in _CALL.findall(text)
        }

    def own_clients(self) -> set[str]:
        """Names of the client methods that a stand-in defines in place of the generated ones."""
        folder = Path(_CLIENTS_FILE).parent
        return {name for path in (STAND_INS / folder).glob("*.go") for name in _METHOD.findall(path.read_text("utf-8"))}

    def copy_to(self, target: Path, folders: Iterable[str]) -> None:
        """Write the packages in `folders`, with the files that they embed, and the module's go.mod."""
        target.mkdir(parents=True)
        shutil.copyfile(self.root / "go.mod", target / "go.mod")
        for folder in sorted(folders):
            for path, text in self.sources(folder):
                _write(target / path, text)
                for pattern in (word for line in _EMBED.findall(text) for word in line.split()):
                    for embedded in sorted((self.root / folder).glob(pattern)):
                        _write(target / embedded.relative_to(self.root), embedded.read_text(encoding="utf-8"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _read(root: Path, name: str) -> str:
    path = root / name
    if not path.is_file():
        raise UpstreamChangedError(f"{UPSTREAM}: no file {name}; the module is laid out differently now")
    return path.read_text(encoding="utf-8")
