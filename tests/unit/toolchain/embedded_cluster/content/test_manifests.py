import copy

import pytest
import yaml

from toolchain.embedded_cluster.content import manifests
from toolchain.embedded_cluster.errors import EmbeddedClusterError

_SETTINGS = manifests.Settings(
    images={"knative.dev/serving/cmd/activator": "slipway.internal/serving-activator:1"},
    envoy="slipway.internal/envoy:1",
    absent="slipway.internal/absent",
    data={("knative-serving", "config-network"): {"ingress-class": "kourier"}},
    addresses={("kourier-system", "kourier"): "10.96.0.80"},
)

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: activator, namespace: knative-serving}
spec:
  strategy: {rollingUpdate: {maxUnavailable: 0}}
  selector: {matchLabels: {app: activator}}
  template:
    metadata: {labels: {app: activator}}
    spec:
      affinity: {podAntiAffinity: {}}
      terminationGracePeriodSeconds: 600
      containers:
        - name: activator
          image: ko://knative.dev/serving/cmd/activator
          resources:
            requests: {cpu: 300m, memory: 60Mi}
            limits: {cpu: 1000m, memory: 600Mi}
          readinessProbe: {initialDelaySeconds: 20, periodSeconds: 10, failureThreshold: 3, httpGet: {port: 8012}}
          livenessProbe: {initialDelaySeconds: 15, timeoutSeconds: 1, httpGet: {port: 8012}}
          env:
            - name: PLAIN
              value: kept
            - name: TIMER
              valueFrom: {configMapKeyRef: {key: timer-source, name: eventing-integrations-images}}
            - name: OTHER
              valueFrom: {configMapKeyRef: {key: level, name: config-logging}}
"""


def fitted(text):
    return manifests.fit(yaml.safe_load_all(text), _SETTINGS)


def container_of(document):
    return document["spec"]["template"]["spec"]["containers"][0]


def test_images_behind_ko_are_ours():
    (document,) = fitted(_DEPLOYMENT)

    assert container_of(document)["image"] == "slipway.internal/serving-activator:1"


def test_image_that_nobody_provides_is_an_error_that_names_it():
    text = _DEPLOYMENT.replace("cmd/activator", "cmd/unheard-of")

    with pytest.raises(EmbeddedClusterError, match=r"knative\.dev/serving/cmd/unheard-of"):
        fitted(text)


def test_pods_are_fitted_to_a_small_machine():
    (document,) = fitted(_DEPLOYMENT)

    assert document["spec"]["replicas"] == 1
    assert "strategy" not in document["spec"]
    pod = document["spec"]["template"]["spec"]
    assert "affinity" not in pod
    assert pod["terminationGracePeriodSeconds"] == 10
    assert container_of(document)["resources"] == {"requests": {"memory": "32Mi"}, "limits": {"memory": "600Mi"}}


def test_probes_look_early_and_kill_late():
    (document,) = fitted(_DEPLOYMENT)

    container = container_of(document)
    assert container["readinessProbe"] == {"periodSeconds": 2, "failureThreshold": 5, "httpGet": {"port": 8012}}
    assert container["livenessProbe"] == {
        "initialDelaySeconds": 60,
        "timeoutSeconds": 5,
        "failureThreshold": 6,
        "httpGet": {"port": 8012},
    }


def test_settings_that_name_images_from_elsewhere_name_absent_ones():
    (document,) = fitted(_DEPLOYMENT)

    assert container_of(document)["env"] == [
        {"name": "PLAIN", "value": "kept"},
        {"name": "TIMER", "value": "slipway.internal/absent/timer-source"},
        {"name": "OTHER", "valueFrom": {"configMapKeyRef": {"key": "level", "name": "config-logging"}}},
    ]


def test_replicas_of_zero_stay_for_the_controller_that_raises_them():
    (document,) = fitted(_DEPLOYMENT.replace("spec:\n  strategy", "spec:\n  replicas: 0\n  strategy", 1))

    assert document["spec"]["replicas"] == 0


def test_envoy_is_ours_and_drains_nothing():
    text = _DEPLOYMENT.replace("ko://knative.dev/serving/cmd/activator", "docker.io/envoyproxy/envoy:v1.36-latest")
    text = text.replace("          env:", "          lifecycle: {preStop: {exec: {command: [curl]}}}\n          env:")

    (document,) = fitted(text)

    assert container_of(document)["image"] == "slipway.internal/envoy:1"
    assert "lifecycle" not in container_of(document)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("HorizontalPodAutoscaler", "activator"),
        ("PodDisruptionBudget", "gateway"),
        ("Deployment", "job-sink"),
        ("StatefulSet", "request-reply"),
        ("Service", "job-sink"),
    ],
)
def test_what_one_node_has_no_use_for_is_left_out(kind, name):
    assert fitted(f"{{kind: {kind}, metadata: {{name: {name}}}, spec: {{image: 'ko://unknown'}}}}") == []


def test_settings_are_added_to_those_of_knative():
    (document,) = fitted(
        "{kind: ConfigMap, metadata: {name: config-network, namespace: knative-serving}, data: {_example: text}}"
    )

    assert document["data"] == {"_example": "text", "ingress-class": "kourier"}


def test_settings_without_values_get_ours():
    (document,) = fitted("{kind: ConfigMap, metadata: {name: config-network, namespace: knative-serving}}")

    assert document["data"] == {"ingress-class": "kourier"}


def test_namesake_in_another_namespace_is_left_alone():
    (document,) = fitted("{kind: ConfigMap, metadata: {name: config-network, namespace: other}, data: {a: b}}")

    assert document["data"] == {"a": "b"}


def test_rules_of_aggregated_roles_are_left_to_kubernetes():
    aggregated, plain = fitted(
        "{kind: ClusterRole, metadata: {name: a}, aggregationRule: {}, rules: []}\n---\n"
        "{kind: ClusterRole, metadata: {name: b}, rules: [1]}"
    )

    assert "rules" not in aggregated
    assert plain["rules"] == [1]


def test_entry_has_the_address_that_the_relay_connects_to():
    entry, inner = fitted(
        "{kind: Service, metadata: {name: kourier, namespace: kourier-system}, spec: {type: LoadBalancer}}\n---\n"
        "{kind: Service, metadata: {name: kourier-internal, namespace: kourier-system}, spec: {type: ClusterIP}}"
    )

    assert entry["spec"] == {"type": "ClusterIP", "clusterIP": "10.96.0.80"}
    assert inner["spec"] == {"type": "ClusterIP"}


def test_steps_put_definitions_first_and_their_objects_last():
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {"group": "serving.knative.dev", "names": {"kind": "Service"}},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace"}
    core_service = {"apiVersion": "v1", "kind": "Service"}
    custom = {"apiVersion": "serving.knative.dev/v1", "kind": "Service"}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment"}

    steps = manifests.in_order([custom, workload, core_service, crd, namespace])

    assert steps.definitions == [crd, namespace]
    assert steps.others == [core_service]
    assert steps.workloads == [workload]
    assert steps.custom == [custom]


def test_files_come_from_all_folders_ours_first(tmp_path):
    binaries = {}
    for name, inside in manifests.SOURCES:
        binaries[name] = tmp_path / name
        (tmp_path / name / inside).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / inside / "a.yaml").write_text("a: 1")
        (tmp_path / name / inside / "placeholder.go").write_text("package config")
    own = tmp_path / "own"
    (own / "manifests").mkdir(parents=True)
    (own / "manifests" / "z.yaml").write_text("z: 1")

    found = manifests.files(binaries, own)

    assert found[0] == own / "manifests" / "z.yaml"
    assert len(found) == 1 + len(manifests.SOURCES)


def test_folder_without_yaml_is_an_error(tmp_path):
    binaries = {name: tmp_path / name for name, _ in manifests.SOURCES}

    with pytest.raises(EmbeddedClusterError, match=r"config/serving/core has no YAML .*slipway toolchain install"):
        manifests.files(binaries, tmp_path)


def test_reading_skips_empty_documents(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("---\n# nothing\n---\na: 1\n---\n")

    assert manifests.read([path]) == [{"a": 1}]


def test_fitting_twice_changes_nothing_more():
    once = fitted(_DEPLOYMENT)

    assert manifests.fit(copy.deepcopy(once), _SETTINGS) == once


def test_other_mounted_settings_start_other_pods():
    mounting = (
        _DEPLOYMENT + "      volumes: [{name: config, configMap: {name: bootstrap}}, {name: tmp, emptyDir: {}}]\n"
    )
    settings = "---\n{kind: ConfigMap, metadata: {name: bootstrap, namespace: knative-serving}, data: {a: VALUE}}\n"

    first, again, other = (
        fitted(mounting + settings.replace("VALUE", value))[0]["spec"]["template"]["metadata"]["annotations"]
        for value in ("1", "1", "2")
    )

    assert first == again
    assert set(other) == {"slipway.io/configuration"}
    assert first != other
    assert "annotations" not in fitted(_DEPLOYMENT)[0]["spec"]["template"]["metadata"]
