"""What judging is made of, without Pulumi: values, rules, settings of an environment, waivers, the report."""
