from toolchain.embedded_cluster import prepare


class Api:
    """Answers from a table; remembers what is changed."""

    def __init__(self, answers):
        self.answers, self.changes = answers, {}

    def get(self, path):
        return self.answers.get(path)

    def patch(self, path, body):
        self.changes[path] = body


def pod(name, **conditions):
    found = [{"type": kind, "status": status} for kind, status in conditions.items()]
    return {"metadata": {"namespace": "team", "name": name}, "status": {"conditions": found}}


def test_pods_that_claim_to_be_ready_are_not_any_more():
    api = Api(
        {
            "/api/v1/pods": {
                "items": [
                    pod("a", Ready="True", ContainersReady="True", PodScheduled="True"),
                    pod("b", Ready="False", PodScheduled="True"),
                    {"metadata": {"namespace": "team", "name": "new"}, "status": {}},
                ]
            },
            "/api/v1/nodes/slipway": {},
        }
    )
    prepare.run(api)
    assert set(api.changes) == {"/api/v1/namespaces/team/pods/a/status", "/api/v1/nodes/slipway/status"}
    assert api.changes["/api/v1/namespaces/team/pods/a/status"]["status"]["conditions"] == [
        {"type": "Ready", "status": "False", "reason": "NodeRestarted"},
        {"type": "ContainersReady", "status": "False", "reason": "NodeRestarted"},
    ]
    node = api.changes["/api/v1/nodes/slipway/status"]["status"]["conditions"]
    assert node == [{"type": "Ready", "status": "Unknown", "reason": "NodeRestarted"}]


def test_an_empty_cluster_needs_nothing():
    api = Api({"/api/v1/pods": {"items": []}})
    prepare.run(api)
    assert api.changes == {}
