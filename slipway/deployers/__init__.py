"""Rights of pipelines: what deploying an environment needs of AWS, and nothing else."""
