from components.function.args import BusEvent, QueueEvent, ScheduleEvent

EVENTS = {"signature": "cloudevent"}
DELIVERY = {
    "retry": 5,
    "backoffPolicy": "exponential",
    "backoffDelay": "PT1S",
    "deadLetterSink": {"uri": "http://slipway-dead-letters.slipway-dev.svc.cluster.local/orders"},
}
SUBSCRIBER = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "orders"}}
WAIT = {"pulumi.com/waitFor": 'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True'}


def test_events_of_the_broker(to_knative, engine, a_knative_function):
    event = BusEvent(type="com.example.paid", source="com.example.payments", attributes={"tenant": "north"})
    to_knative({"orders": a_knative_function(**EVENTS, events=[event])})
    (trigger,) = engine.kinds("Trigger")
    assert trigger.inputs["spec"] == {
        "broker": "default",
        "filter": {"attributes": {"type": "com.example.paid", "source": "com.example.payments", "tenant": "north"}},
        "subscriber": SUBSCRIBER,
        "delivery": DELIVERY,
    }
    assert trigger.inputs["metadata"]["annotations"] == WAIT
    assert trigger.inputs["metadata"]["name"] == trigger.name
    assert {"orders", "dev-broker", "dev-dead-letters"} <= trigger.depends_on


def test_clocks(to_knative, engine, a_knative_function):
    clock = ScheduleEvent(
        expression="cron(15 2 * * ? *)", cron="15 2 * * *", timezone="Europe/Berlin", data={"days": 1}
    )
    to_knative({"orders": a_knative_function(**EVENTS, schedules=[clock])})
    (source,), (trigger,) = engine.kinds("PingSource"), engine.kinds("Trigger")
    name = source.inputs["spec"]["ceOverrides"]["extensions"]["slipwayschedule"]
    assert name.startswith("slipway-dev-orders-at-")
    assert source.inputs["spec"] == {
        "schedule": "15 2 * * *",
        "timezone": "Europe/Berlin",
        "contentType": "application/json",
        "data": '{"days":1}',
        "ceOverrides": {"extensions": {"slipwayschedule": name}},
        "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}},
    }
    assert trigger.inputs["spec"]["filter"] == {
        "attributes": {"type": "dev.knative.sources.ping", "slipwayschedule": name}
    }
    assert trigger.name in source.depends_on, "nothing rings before somebody listens"


def test_a_schedule_has_the_same_name_on_both_targets(deploy, engine, a_function, a_knative_function, a_knative):
    clock = ScheduleEvent(expression="rate(1 hour)", cron="0 * * * *")
    deploy({"orders": a_function(**EVENTS, schedules=[clock])})
    on_lambda = engine.kinds("Schedule")[0].inputs["name"]
    deploy({"orders": a_knative_function(**EVENTS, schedules=[clock])}, knative=a_knative())
    (source,) = engine.kinds("PingSource")
    assert source.inputs["spec"]["ceOverrides"]["extensions"]["slipwayschedule"] == on_lambda


def test_messages_of_a_queue(to_knative, engine, a_knative_function, catalogue):
    entries = [entry for entry in catalogue if entry.name == "orders"]
    to_knative({"orders": a_knative_function(**EVENTS, queues=[QueueEvent(queue="orders")])}, catalogue=entries)
    (subscription,) = engine.kinds("Subscription")
    assert subscription.inputs["spec"] == {
        "channel": {"apiVersion": "messaging.knative.dev/v1", "kind": "Channel", "name": "orders"},
        "subscriber": SUBSCRIBER,
        "delivery": DELIVERY,
    }
    assert {"orders", "dev-channel-orders", "dev-dead-letters"} <= subscription.depends_on
    assert not engine.kinds("Broker"), "queues need none"


def test_retries_are_the_environments(to_knative, engine, a_knative_function, a_knative):
    knative = a_knative(retry_attempts=9, retry_backoff="PT2M")
    to_knative({"orders": a_knative_function(**EVENTS, events=[BusEvent(type="t")])}, knative=knative)
    (trigger,) = engine.kinds("Trigger")
    assert trigger.inputs["spec"]["delivery"] == DELIVERY | {"retry": 9, "backoffDelay": "PT2M"}


def test_names_of_triggers_fit(to_knative, engine, a_knative_function):
    name = "a" + "-long-name" * 5
    to_knative({name: a_knative_function(**EVENTS, events=[BusEvent(type="com.example." + "x" * 90)])})
    (trigger,) = engine.kinds("Trigger")
    assert len(trigger.inputs["metadata"]["name"]) <= 63
