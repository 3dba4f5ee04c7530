"""Reusable Pulumi components: environments and the functions in them. They read no configuration and no files."""
