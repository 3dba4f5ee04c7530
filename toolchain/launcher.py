"""Commands of the virtual environment: `pulumi`, which finds our engine and gives it its home, and plain ones."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from toolchain.cache import replace_text
from toolchain.sources.path import LAUNCHER_MARK

if TYPE_CHECKING:
    from pathlib import Path

_TEMPLATE = """\
#!/bin/sh
# {mark}; written by `slipway toolchain install`, which also rewrites it
engine={engine}
home={home}
project={project}
for file in "$engine" {needed}; do
  [ -e "$file" ] && continue
  echo "pulumi: $file is gone; run 'make setup' in $project" >&2
  exit 3
done

: "${{PULUMI_HOME:=$home}}" "${{PULUMI_SKIP_UPDATE_CHECK:=true}}" "${{PULUMI_DIY_BACKEND_GZIP:=true}}"
# Plugins of other versions on PATH are not ours to use, nor to warn about.
: "${{PULUMI_IGNORE_AMBIENT_PLUGINS:=true}}"
# The engine would fetch a plugin for each provider's Python package, also for those that no environment here uses.
: "${{PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:=true}}"
export PULUMI_HOME PULUMI_SKIP_UPDATE_CHECK PULUMI_DIY_BACKEND_GZIP PULUMI_IGNORE_AMBIENT_PLUGINS
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION

# A state folder needs a passphrase even where nothing is secret; shared backends bring their own provider.
case "${{PULUMI_BACKEND_URL:-file:}}" in
  file:*)
    if [ -z "${{PULUMI_CONFIG_PASSPHRASE+x}}${{PULUMI_CONFIG_PASSPHRASE_FILE+x}}" ]; then
      export PULUMI_CONFIG_PASSPHRASE=
    fi ;;
esac

for argument in "$@"; do
  case "$argument" in
    --) break ;;
    -d | --debug | --debug=true) export SLIPWAY_ENGINE_DEBUG=1 ;;
  esac
done

exec "$engine" "$@"
"""

_COMMAND = """\
#!/bin/sh
# {mark}; written by `slipway toolchain install`, which also rewrites it
command={command}
[ -x "$command" ] && exec "$command" "$@"
echo "{name}: $command is gone; run 'slipway toolchain install --for {purpose}' in" {project} >&2
exit 3
"""


def write(launcher: Path, engine: Path, needed: tuple[Path, ...], pulumi_home: Path, project: Path) -> None:
    """Write the launcher, executable, in one step; a launcher with the same text is left alone.

    Args:
        launcher: The file to write, `bin/pulumi` of a virtual environment.
        engine: The engine that it runs.
        needed: Files that must exist besides, such as the language host and the plugins.
        pulumi_home: Default of PULUMI_HOME.
        project: Folder named in the message when something is gone.
    """
    text = _TEMPLATE.format(
        mark=LAUNCHER_MARK,
        engine=shlex.quote(str(engine)),
        needed=" ".join(shlex.quote(str(path)) for path in needed),
        home=shlex.quote(str(pulumi_home)),
        project=shlex.quote(str(project)),
    )
    _replace(launcher, text)


def write_command(launcher: Path, command: Path, project: Path, purpose: str) -> None:
    """Write a launcher that becomes another executable, or says that it is gone.

    Args:
        launcher: The file to write, in `bin` of a virtual environment.
        command: The executable.
        project: Folder named in the message when it is gone.
        purpose: What the command is installed for, named in that message.
    """
    text = _COMMAND.format(
        mark=LAUNCHER_MARK,
        command=shlex.quote(str(command)),
        name=launcher.name,
        purpose=purpose,
        project=shlex.quote(str(project)),
    )
    _replace(launcher, text)


def _replace(launcher: Path, text: str) -> None:
    if not (launcher.is_file() and launcher.read_text(encoding="utf-8", errors="replace") == text):
        replace_text(launcher, text, 0o755)
