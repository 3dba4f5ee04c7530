"""F6: Variables of functions hold no secrets."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "environment.variables"

# What a name says, word by word: `DB_PASSWORD`, `apiKey`, `client-secret`. A name may also end by saying that its value
# only points to a secret.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET = {
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "secrets",
    "token",
}
_KEYS = {"access", "api", "auth", "encryption", "master", "private", "secret", "shared", "signing", "storage"}
_TOGETHER = ("accesskey", "apikey", "authkey", "password", "privatekey", "secretkey")
_POINTERS = {
    "arn",
    "expiry",
    "field",
    "file",
    "id",
    "issuer",
    "length",
    "name",
    "names",
    "parameter",
    "path",
    "ref",
    "region",
    "ttl",
    "type",
    "uri",
    "url",
}
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:.*", re.DOTALL)
_SWITCHES = {"", "0", "1", "false", "no", "none", "null", "off", "on", "true", "yes"}

_PATTERNS = {
    "an AWS access key": re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    "a JSON web token": re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----"),
    "an address with a password": re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@]*:[^\s@/]+@", re.IGNORECASE),
    "a connection string with a password": re.compile(
        r"(^|[;?&\s])(password|pwd|accountkey|sharedaccesskey)\s*=\s*[^;&\s]+", re.IGNORECASE
    ),
    "a token of GitLab": re.compile(r"gl(pat|dt|rt|ptt|cbt|soat|agent)-[A-Za-z0-9_-]{16,}"),
    "a token of GitHub": re.compile(r"(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    "a token of Slack": re.compile(r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a key of Stripe": re.compile(r"[rs]k_live_[A-Za-z0-9]{16,}"),
}


def _check(resource: Resource) -> Verdict | None:
    variables = resource.get(_PATH)
    if variables is UNKNOWN:
        return unknown(_PATH)
    if variables is None:
        return None
    if not isinstance(variables, dict):
        return fail(_PATH, f"{_PATH} must be an object")
    for name, value in sorted(variables.items()):
        if value is not UNKNOWN and (what := _secret(name, value)):
            return fail(f"{_PATH}.{name}", f"variable {name} must not hold a secret, found {what}")
    # Values that are made in this update come from resources, so that no rule can read them; their names still speak.
    later = [name for name, value in sorted(variables.items()) if value is UNKNOWN and _says_secret(name)]
    return unknown(f"{_PATH}.{later[0]}") if later else PASS


def _secret(name: str, value: object) -> str | None:
    """What kind of secret a value is, or seems to be by its variable's name; None when it is none."""
    text = str(value).strip()
    for what, pattern in _PATTERNS.items():
        if pattern.search(text):
            return what
    inside = _inside(text)
    if inside is not None:
        # What lies in an object is called by all the keys on the way to it.
        found = (_secret(f"{name} {key}", item) for key, item in inside.items() if item is not None)
        return next((what for what in found if what), None)
    if text.lower() in _SWITCHES or _ARN.fullmatch(text) or not _says_secret(name):
        return None
    return "a literal value, and its name says that it is one"


def _inside(text: str) -> dict[str, object] | None:
    """The items of a JSON object, each as text; None where it is none, or one without items."""
    try:
        parsed = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or not parsed:
        return None
    return {key: json.dumps(item) if isinstance(item, (dict, list)) else item for key, item in parsed.items()}


def _says_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _POINTERS:
        return False
    if _SECRET.intersection(words) or any(word.endswith(_TOGETHER) for word in words):
        return True
    return words[-1] in {"key", "keys"} and (len(words) == 1 or words[-2] in _KEYS)


RULE = Rule(
    id="F6",
    name="function-no-secrets",
    title="Variables of functions hold no secrets",
    sources=("CKV_AWS_45",),
    severity="critical",
    remedy="put it into the secret store, name it under secrets, and replace what was written here",
    types=(FUNCTION,),
    check=_check,
)
