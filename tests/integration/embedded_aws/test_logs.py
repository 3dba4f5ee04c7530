import json

SOURCE = """
    import logging
    log = logging.getLogger()
    log.setLevel("INFO")
    def handle(event, context):
        print("first\\nsecond")
        log.info("stock %s", event["n"])
        if event.get("fail"):
            raise ValueError("no stock")
"""


def test_json_logs_lie_in_the_configured_group_with_platform_records(aws):
    aws.client("logs").create_log_group(logGroupName="/slipway/local/json")
    config = {"LogFormat": "JSON", "LogGroup": "/slipway/local/json", "ApplicationLogLevel": "INFO"}
    name = aws.deploy(SOURCE, LoggingConfig=config)
    request = aws.invoke(name, {"n": 7, "fail": True})["ResponseMetadata"]["RequestId"]
    lines = aws.log("/slipway/local/json")
    assert {"first", "second"} <= set(lines)
    parsed = [json.loads(line) for line in lines if line.startswith("{")]
    messages = [line for line in parsed if line.get("message") == "stock 7"]
    assert messages[0]["requestId"] == request
    failure = next(line for line in parsed if line.get("errorType") == "ValueError")
    assert failure["errorMessage"] == "no stock"
    assert failure["stackTrace"]
    kinds = [line["type"] for line in parsed if "type" in line]
    assert kinds == ["platform.initStart", "platform.start", "platform.runtimeDone", "platform.report"]
    report = next(line for line in parsed if line.get("type") == "platform.report")["record"]
    assert report["requestId"] == request
    assert report["status"] == "error"
    assert {"durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"} <= set(
        report["metrics"]
    )
    streams = aws.client("logs").describe_log_streams(logGroupName="/slipway/local/json")["logStreams"]
    assert f"/{name}[$LATEST]" in streams[0]["logStreamName"]


def test_text_logs_lie_in_lambdas_own_group_and_a_traceback_is_one_event(aws):
    name = aws.deploy(SOURCE)
    aws.invoke(name, {"n": 7, "fail": True})
    lines = aws.log(f"/aws/lambda/{name}")
    assert sum(line.startswith("START RequestId") for line in lines) == 1
    assert sum(line.startswith("END RequestId") for line in lines) == 1
    assert sum(line.startswith("REPORT RequestId") for line in lines) == 1
    traceback = next(line for line in lines if line.startswith("[ERROR] ValueError: no stock"))
    assert "Traceback (most recent call last):" in traceback
    assert "\n" in traceback


def test_log_level_drops_what_is_below(aws):
    aws.client("logs").create_log_group(logGroupName="/slipway/local/level")
    config = {
        "LogFormat": "JSON",
        "LogGroup": "/slipway/local/level",
        "ApplicationLogLevel": "ERROR",
        "SystemLogLevel": "WARN",
    }
    source = """
        import logging
        def handle(event, context):
            logging.getLogger().warning("quiet")
            logging.getLogger().error("loud")
    """
    aws.invoke(aws.deploy(source, LoggingConfig=config))
    lines = [json.loads(line) for line in aws.log("/slipway/local/level")]
    assert [line["message"] for line in lines] == ["loud"]


def test_a_deleted_group_is_not_made_again_by_a_late_message(aws):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/slipway/local/gone")
    name = aws.deploy(SOURCE, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/slipway/local/gone"})
    logs.delete_log_group(logGroupName="/slipway/local/gone")
    assert "FunctionError" not in aws.invoke(name, {"n": 1})
    assert logs.describe_log_groups(logGroupNamePrefix="/slipway/local/gone")["logGroups"] == []


def test_timeout_is_told_in_the_log(aws):
    name = aws.deploy("import time\ndef handle(event, context):\n    time.sleep(60)\n", Timeout=1)
    aws.invoke(name)
    lines = aws.log(f"/aws/lambda/{name}")
    assert any("Task timed out after 1.00 seconds" in line for line in lines)
    assert any("Status: timeout" in line and line.startswith("REPORT") for line in lines)
