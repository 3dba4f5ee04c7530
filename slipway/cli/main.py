"""The `slipway` command: finds the subcommand, turns errors into messages and exit statuses."""

from __future__ import annotations

import importlib
import sys

import click

from slipway import __version__
from slipway.core.errors import BadInputError, SlipwayError

# Name and help in one place, so that `slipway --help` imports no command.
COMMANDS = {
    "affected": "Tell which functions a change touches, and why.",
    "audit": "Ask what is known against the dependencies of functions.",
    "build": "Build the packages of functions ahead of an update.",
    "cluster": "Start, inspect and end the embedded cluster.",
    "deployer": "Print the IAM policies of the role that deploys an environment.",
    "destroy": "Remove everything that an environment deployed.",
    "doctor": "Say what was found where, and what is missing.",
    "invoke": "Call a deployed function.",
    "list": "List the functions of an environment.",
    "local": "Start, inspect and stop the embedded AWS.",
    "lock": "Lock the dependencies of functions, with hashes.",
    "logs": "Show what a function logged.",
    "preview": "Show what an update would change.",
    "promote": "Give the candidates of functions all calls.",
    "recover": "Mend the state after an interrupted update.",
    "redrive": "Send dead letters again.",
    "refresh": "Bring the state in line with what really exists.",
    "rollback": "Give all calls to a version that ran before.",
    "sbom": "Print what is in the package or image of a function.",
    "schema": "Print the JSON Schema of function.yaml or of an environment.",
    "security": "Show which security controls are met, by environment and function.",
    "start": "Start on this machine what an environment needs.",
    "stop": "Stop what was started on this machine.",
    "toolchain": "Install the engine and its plugins.",
    "up": "Bring an environment to what the project says.",
    "validate": "Check every function.yaml and every environment.",
    "verify": "Invoke each function once and tell how it answered.",
}


class LazyGroup(click.Group):
    """A group that imports a subcommand's module only when it is called: start-up stays short."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all subcommands, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name from `slipway.cli.<name>`, or None if there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"slipway.cli.{cmd_name.replace('-', '_')}")
        command = getattr(module, "command")  # noqa: B009 - the name is the contract of every command module
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="slipway")
def cli() -> None:
    """Serverless functions on Knative or AWS Lambda, one Pulumi stack per environment."""


def main() -> None:
    """Run the command line; never returns.

    Exit status: 0 done, 1 findings at or above the threshold, 2 bad input, 3 engine or provider failure.
    """
    try:
        # Outside its standalone mode, click hands back the status that a command ended with.
        status = cli(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BadInputError as error:
        for finding in error.findings:
            click.echo(finding.render(), err=True)
        click.echo(f"slipway: {error}", err=True)
        sys.exit(error.exit_status)
    except SlipwayError as error:
        click.echo(f"slipway: {error}", err=True)
        sys.exit(error.exit_status)
    sys.exit(status or 0)
