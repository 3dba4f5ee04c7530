"""What travels with every function: the way from what a target sends to Functions Framework requests and CloudEvents.

Depends on the standard library and `functions-framework`. On Lambda, `slipway_runtime.lambda_handler.handle` is the
handler, and boto3 of the Lambda runtime is used where there are secrets. In a container, `python -m
slipway_runtime.server` is the program, and PyJWT is used where routes ask for tokens.
"""
