"""The pipeline: validate, build, preview and apply the functions of a team, one Pulumi stack per environment."""

__version__ = "0.1.0"
