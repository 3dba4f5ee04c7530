"""Makes the engine's and the providers' messages readable: who, what was said, what to do.

The patterns are messages of pulumi 3.256 and its Terraform bridge; those of AWS are in `slipway.aws.causes`, those of
Kubernetes and Knative in `slipway.kube.causes`.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from slipway.aws.causes import AWS_CAUSES
from slipway.core.errors import EngineError
from slipway.kube.causes import KUBE_CAUSES
from slipway.running.causes import Cause, cause, first_cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from slipway.engine.steps import Diagnostic

_ENGINE_CAUSES: tuple[Cause, ...] = (
    cause(
        "disk-full",
        r"no space left on device|\bENOSPC\b|disk quota exceeded|errno 28",
        "the disk is full",
        "free some space (`df -h . ~/.cache` shows where), then run the same command again: the state is kept",
    ),
    cause(
        "state-locked",
        r"the stack is currently locked by|\[409\] Conflict: Another update is currently in progress",
        "another run holds the stack",
        "wait for it, or let Slipway wait: `slipway up -s {stack} --wait 600`",
    ),
    cause(
        "wrong-passphrase",
        r"incorrect passphrase",
        "the passphrase does not open this stack's secrets",
        "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one that the stack was made with",
    ),
    cause(
        "missing-passphrase",
        r"passphrase must be set|PULUMI_CONFIG_PASSPHRASE|constructing secrets manager",
        "the stack's secrets need a passphrase",
        "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    ),
    cause(
        "missing-plugin",
        r"no resource plugin '[^']+' found|could not (?:load|find|download|read) (?:the )?plugin|"
        r"failed to load (?:resource |language )?plugin|error installing plugin|no language plugin '[^']+' found|"
        r"error downloading plugin|missing executor|executable file not found in \$PATH",
        "a plugin of the engine is not installed",
        "run `make setup`, and `slipway start -s {stack}` for what Knative needs; `slipway doctor` says what lacks",
    ),
    cause(
        "killed",
        r"error reading from server|transport is closing|transport: Error while dialing|signal: killed|"
        r"rpc error: code = (?:Unavailable|Canceled)|plugin .{0,80}(?:exited|crashed)",
        "a process of the engine was ended from outside (or ran out of memory)",
        "run `slipway up -s {stack}` again: it mends what was interrupted",
    ),
    cause(
        "protected",
        r"cannot be deleted\s+because it is protected|marked for protection",
        "the resource is protected from deletion, because it holds data",
        "if it is to go, set `protect: false` in stacks/Pulumi.{stack}.yaml, run `slipway up -s {stack}`, then this",
    ),
    cause(
        "broken-state",
        r"failed to load checkpoint|snapshot integrity failure|unexpected end of JSON input|gzip: invalid header|"
        r"invalid character .{0,40} looking for beginning of value",
        "the state of the stack cannot be read",
        "run `slipway recover -s {stack}`: it goes back to the last state that can be read",
    ),
)
_PROGRAM_FAILED = cause(
    "program-failed",
    r"Program failed with an unhandled exception|Traceback \(most recent call last\)",
    "the program stopped with an error",
    "see the error above; `slipway validate` checks the input files, `--debug` shows the whole traceback",
)
# The first that matches wins. Those of Kubernetes name https and paths of its API, so they come before the engine's,
# and these before those of AWS: the engine's plugins listen on loopback, too.
CAUSES = (*KUBE_CAUSES, *_ENGINE_CAUSES, *AWS_CAUSES, _PROGRAM_FAILED)
# Says only that something did not come about in time; whatever else is known says why.
_VAGUE = "never-ready"

_REQUEST_ID = re.compile(r",? ?\b(?:RequestID|HostID|request id):? ?[\w/+=-]*,?", re.IGNORECASE)
_AWS_SAID = re.compile(
    r"(?P<doing>[^\n]*?):?\s*(?:Cause: )?operation error (?P<service>[\w ]+?): (?P<action>\w+),"
    r"(?:.*?StatusCode: (?P<status>\d+))?(?P<rest>.*)",
    re.DOTALL,
)
_API_ERROR = re.compile(r"(?:api error |^\W*|, )(?P<error>[A-Za-z]+: .*)", re.DOTALL)
# What the Kubernetes provider puts before its error, and what it means.
_NOT_LIVE = re.compile(
    r"resource \"?urn:pulumi:\S+ was (?:successfully )?(created|updated), but .{0,80}? reported that .*?: "
)
_NOISE = re.compile(r"\d+ errors? occurred:\s*\*?\s*|^(?:refreshing|deleting) urn:pulumi:\S+: ")
# Lines of the provider's own log, which repeat what its answer says, with a status and in more words.
_LOG_LINE = re.compile(r"^\S+\.go:\d+: ")
# What only repeats that something failed.
_ECHO = re.compile(
    r"^(?:(?:update|preview|refresh|destroy|resource|deployment) (?:failed|was)|"
    r"an unhandled error occurred: program exited|failed to run policy: context canceled)",
    re.IGNORECASE,
)
_MAX_TEXT = 600
_MAX_LINES = 8


@contextlib.contextmanager
def files_of(stack: str) -> Iterator[None]:
    """Turn failures to read or write Slipway's own files, on a full disk for example, into errors with advice.

    Raises:
        EngineError: Instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(explain((), f"error: {error}", stack)) from error


def cause_of(text: str) -> Cause | None:
    """The first known cause that a message shows, or None."""
    return first_cause(CAUSES, text)


def readable(message: str) -> str:
    """A provider's message on one line: without request ids and counters, AWS's own words where it quotes them."""
    text = _NOT_LIVE.sub(r"was \1, but does not get ready: ", _NOISE.sub("", message))
    said = _AWS_SAID.match(_REQUEST_ID.sub("", text))
    if said:
        rest = said["rest"]
        error = _API_ERROR.search(rest)
        words = (error["error"] if error else rest).strip(' ,"\n')
        status = f" ({said['status']})" if said["status"] else ""
        text = f"{said['doing']}: {said['service'].strip()} {said['action']} answered{status}: {words}".lstrip(": ")
    text = " ".join(_REQUEST_ID.sub("", text).split())
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + " ..."


def explain(diagnostics: Iterable[Diagnostic], output: str, stack: str, seen: Sequence[str] = ()) -> str:
    """What went wrong in a run of the engine, for people.

    Args:
        diagnostics: What the engine reported.
        output: What the engine printed; used only when it reported no error.
        stack: Name of the environment, for the advice.
        seen: What else was seen of what failed, a line each.

    Returns:
        For each error a line `who: what was said`, then each distinct cause and what to do, a line each.
    """
    errors = [d for d in diagnostics if d.severity == "error" and not _ECHO.match(d.message)]
    answers = [d for d in errors if not _LOG_LINE.match(d.message)] or errors
    lines = [f"{d.name or stack}: {_tail(d.message)}" for d in answers]
    texts = [d.message for d in errors]
    if not lines:
        lines = [f"{stack}: {readable(_error_in(output))}"]
        texts = [output]
    distinct = list(dict.fromkeys(lines))
    if len(distinct) > _MAX_LINES:
        distinct[_MAX_LINES:] = [f"... and {len(distinct) - _MAX_LINES} more errors"]
    return "\n".join([*distinct, *seen, *_advice([cause_of(text) for text in (*texts, *seen)], stack)])


def only_policies(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether a run of which policies refused something reported no other error: only that it ended."""
    return all(_ECHO.match(d.message) for d in diagnostics if d.severity == "error")


def _advice(causes: Sequence[Cause | None], stack: str) -> list[str]:
    known = list(dict.fromkeys(found for found in causes if found is not None))
    known = [found for found in known if found.rule != _VAGUE] or known
    if not known:
        return [f"what to do: mend that and run `slipway up -s {stack}` again; what was done so far is in the state"]
    return [f"{found.meaning}; what to do: {found.remedy.format(stack=stack)}" for found in known]


def _tail(message: str) -> str:
    """A program's traceback by its last line, which names the error; other messages as they read best."""
    lines = [line for line in message.splitlines() if line.strip()]
    is_traceback = any("Traceback (most recent call last)" in line for line in lines)
    return readable(lines[-1] if is_traceback else message)


def _error_in(output: str) -> str:
    """The last error that the engine printed, else its last words."""
    _, mark, last = re.sub(r"(?m)^\s*(?:stderr:\s*)?error: ", "\0", output).rpartition("\0")
    lines = [line.strip() for line in (last if mark else output).splitlines() if line.strip()]
    return " ".join(lines if mark else lines[-5:]) or "the engine ended without a word"
