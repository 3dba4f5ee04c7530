from components.environment_args import AwsArgs

EMBEDDED = AwsArgs(
    account="123456789012",
    region="eu-central-1",
    endpoint="http://127.0.0.1:4610",
    access_key="local",
    secret_key="local",
)


def test_an_embedded_aws_is_asked_a_few_times_and_the_real_one_as_often_as_the_provider_does(deploy, engine):
    deploy(aws=EMBEDDED)
    assert engine.named("dev-aws").inputs["maxRetries"] == "3"
    deploy()
    assert "maxRetries" not in engine.named("dev-aws").inputs
