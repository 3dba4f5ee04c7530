"""What travels inside every Lambda package: AWS events in, Functions Framework requests and CloudEvents out.

Depends on the standard library, `functions-framework` and, only where secrets are used, on the boto3 of the Lambda
runtime. `slipway_runtime.lambda_handler.handle` is the Lambda handler; everything else serves it.
"""
