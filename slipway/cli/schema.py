"""`slipway schema`: print the JSON Schema of function.yaml, of an environment or of a log record."""

from __future__ import annotations

import click

from slipway.core.project import Project
from slipway.core.reference import generated
from slipway.core.schema import function_schema, log_schema, stack_schema, to_text

_SCHEMAS = {"function": function_schema, "log": log_schema, "stack": stack_schema}


@click.command
@click.argument("kind", type=click.Choice(sorted(_SCHEMAS)), required=False)
@click.option("--write", is_flag=True, help="Bring docs/schema and the tables in docs/ up to date instead.")
@click.pass_context
def command(context: click.Context, kind: str | None, *, write: bool) -> None:
    """Print a JSON Schema: of function.yaml (KIND function), an environment's file (stack) or a log record (log).

    Editors find the schemas through the first line of each file, `# yaml-language-server: $schema=...`.
    """
    if write == (kind is not None):
        raise click.UsageError("give either KIND (function, log or stack) or --write", context)
    if kind is not None:
        click.echo(to_text(_SCHEMAS[kind]()), nl=False)
        return
    project = Project.find()
    for path, text in generated(project.root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            click.echo(f"wrote {project.relative(path)}")
