"""Tries what no function may do, and answers what came of each attempt: `done`, or why not."""

import ctypes
import os
import socket
import stat
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NAMESPACES = {"user": 0x10000000, "mount": 0x00020000, "network": 0x40000000, "processes": 0x20000000}
ATTACH = 16
WAIT_S = 3.0


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def connect(host, port):
    with socket.create_connection((host, port), timeout=WAIT_S):
        pass


def write(path):
    Path(path).write_text("x", encoding="utf-8")


def trace_others():
    mine = os.getuid()
    others = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and one.stat().st_uid != mine]
    if not others:
        raise PermissionError("there is nobody else")
    call("ptrace", ATTACH, others[0], None, None)


def attempts(request):
    api = os.environ["KUBERNETES_SERVICE_HOST"]
    yield "token", lambda: Path("/var/run/secrets/kubernetes.io/serviceaccount/token").read_text(encoding="utf-8")
    yield "secrets", lambda: list(Path("/var/run/secrets").iterdir())
    yield "api", lambda: connect(api, int(os.environ["KUBERNETES_SERVICE_PORT"]))
    yield "api by name", lambda: connect("kubernetes.default.svc.cluster.local", 443)
    yield "metadata", lambda: connect("169.254.169.254", 80)
    for target in request.args.getlist("to"):
        host, _, port = target.rpartition(":")
        yield f"to {target}", lambda host=host, port=port: connect(host, int(port))
    for folder in ("/", "/app", "/etc", "/usr/lib", "/var", "/proc/sys/kernel", "/sys/kernel", "/dev"):
        yield f"write {folder}", lambda folder=folder: write(f"{folder}/escape")
    yield "kernel settings", lambda: write("/proc/sys/kernel/core_pattern")
    yield "root", lambda: os.setuid(0)
    yield "group root", lambda: os.setgid(0)
    yield "mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None)
    yield "chroot", lambda: os.chroot("/tmp")
    yield "device", lambda: os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    yield "raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    yield "trace", trace_others
    for name, flag in NEW_NAMESPACES.items():
        yield f"new namespace: {name}", lambda flag=flag: call("unshare", flag)
    yield "temporary file", lambda: write("/tmp/escape")
    yield "name", lambda: socket.getaddrinfo("kubernetes.default.svc.cluster.local", 443)


def escape(request):
    found = {}
    for name, attempt in attempts(request):
        try:
            attempt()
            found[name] = "done"
        except OSError as error:
            found[name] = f"{type(error).__name__}: {error}"
    status = dict(
        line.split(":\t", 1)
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        if ":\t" in line
    )
    rights = {key: status[key] for key in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp", "Uid")}
    return {"attempts": found, "rights": rights}
