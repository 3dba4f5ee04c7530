"""BENCH_FUNCTIONS bare functions that differ only in how their code is given (BENCH_CODE).

`key`: a fixed key in a bucket. `digest`: a key that Slipway computes from the function's inputs. `archive`: the zip.
"""

import os
from pathlib import Path

import pulumi
import pulumi_aws as aws

kind = os.environ["BENCH_CODE"]
zips = Path(os.environ["BENCH_ZIPS"])
names = [f"f{number}" for number in range(int(os.environ["BENCH_FUNCTIONS"]))]
if kind == "digest":
    from slipway.artifacts.inputs import Collector
    from slipway.core.project import Project

    project = Project(Path(os.environ["BENCH_PROJECT"]))
    collector = Collector(project)
    digests = {
        name: collector.collect(
            project.functions / name, runtime="python3.11", architecture="x86_64", plain=False
        ).digest
        for name in names
    }
    collector.save()
else:
    digests = dict.fromkeys(names, "0" * 64)
opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-central-1"))
for name in names:
    where = (
        {"code": pulumi.FileArchive(str(zips / f"{name}.zip"))}
        if kind == "archive"
        else {"s3_bucket": "packages", "s3_key": f"packages/{name}/{digests[name]}.zip"}
    )
    role = "arn:aws:iam::123456789012:role/r"
    aws.lambda_.Function(name, name=name, role=role, runtime="python3.11", handler="main.handle", opts=opts, **where)
