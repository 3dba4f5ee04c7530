"""Gets the Pulumi engine, its Python language host and the AWS provider onto this machine.

For each part, in this order: a compatible one on PATH, the official release, a build from pinned Go modules.
Results lie in the user's cache under the digest of their inputs. Nothing here imports another package of this
project; the cache folder is a parameter.

    installer.install(...)   make everything present and write the launcher `pulumi` of a virtual environment
    report.inspect(...)      what is there, where from, and what is missing; changes nothing
"""
