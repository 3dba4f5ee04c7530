"""What every component promises, checked on all of them: a component that breaks a rule fails here without a new test."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pulumi
import pytest

import components
from components.base import Component, type_token

ROOT = Path(components.__file__).parent
MODULES = [m.name for m in pkgutil.walk_packages(components.__path__, "components.")]
LOADED = [importlib.import_module(name) for name in MODULES]


def subclasses(cls):
    return {found for direct in cls.__subclasses__() for found in {direct, *subclasses(direct)}}


COMPONENTS = sorted(
    (cls for cls in subclasses(Component) if cls.__module__.startswith("components.")), key=lambda cls: cls.__name__
)
ARGS = sorted(
    (
        obj
        for module in LOADED
        for obj in vars(module).values()
        if inspect.isclass(obj) and dataclasses.is_dataclass(obj) and module.__name__.endswith("args")
    ),
    key=lambda cls: cls.__name__,
)


def test_the_components_are_the_known_ones():
    assert [cls.__name__ for cls in COMPONENTS] == ["Environment", "Function", "LogSink"]


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: cls.__name__)
def test_signature_and_token(cls):
    names = list(inspect.signature(cls.__init__).parameters)
    assert names[:3] == ["self", "name", "args"]
    assert names[-1] == "opts"
    assert inspect.signature(cls.__init__).parameters["opts"].default is None
    assert type_token(cls.KIND) == f"slipway:index:{cls.__name__}"


@pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: cls.__name__)
def test_the_docstring_says_what_it_creates_and_shows_it(cls):
    for section in ("Creates:", "Example:", "Attributes:"):
        assert section in inspect.getdoc(cls)


@pytest.mark.parametrize("cls", sorted(set(ARGS), key=lambda c: c.__name__), ids=lambda cls: cls.__name__)
def test_arguments_are_frozen_keyword_only_and_explained_field_by_field(cls):
    assert cls.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(cls))
    tree = next(
        node
        for node in ast.walk(ast.parse(Path(inspect.getfile(cls)).read_text()))
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    )
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign):
            explained = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
            assert explained, f"{cls.__name__}.{field.target.id} has no docstring"


@pytest.fixture
def stack(deploy, a_function, a_sink, a_shipper, catalogue):
    from components.function.args import BusEvent, HttpEvent, QueueEvent, ScheduleEvent

    functions = {
        "web": a_function(
            http=[HttpEvent(path="/", visibility="public", auth="none"), HttpEvent(path="/i")],
            max_scale=3,
            min_scale=1,
            sinks=["central"],
        ),
        "work": a_function(
            signature="cloudevent",
            schedules=[ScheduleEvent(expression="rate(1 hour)")],
            events=[BusEvent(type="com.x")],
            queues=[QueueEvent(queue="orders")],
        ),
    }
    environment, made = deploy(functions, catalogue=catalogue, sinks=[a_sink()], shipper=a_shipper())
    return {"dev": environment, "central-lambda": environment.log_sinks["lambda", "central"], **made}


def test_nodes_are_all_children_and_outputs_are_registered(stack, engine):
    for name, component in stack.items():
        registered = {r.name for r in engine.registered if r.parent == name and not r.type.startswith("slipway:")}
        assert len(component.nodes) == len(registered)
        assert all(isinstance(node, pulumi.Resource) for node in component.nodes.values())
        for output in engine.outputs(name):
            assert output in type(component).__annotations__, f"{output} has no type on {type(component)}"


def test_every_child_has_the_name_of_its_component(stack, engine):
    for made in engine.registered:
        if made.type.startswith("aws:"):
            assert made.name == made.parent or made.name.startswith(f"{made.parent}-")


def test_everything_that_can_be_tagged_is(stack, engine):
    import pulumi_aws

    for made in engine.registered:
        if not made.type.startswith("aws:"):
            continue
        module, _, kind = made.type.removeprefix("aws:").partition("/")
        package = getattr(pulumi_aws, {"lambda": "lambda_"}.get(module, module))
        if hasattr(getattr(package, kind.split(":")[1]), "tags"):
            assert made.tags["managed-by"] == "slipway", made.name
            assert made.tags["environment"] == "dev"
            belongs = made.tags.get("function") or f"{made.tags.get('sink')}-lambda"
            assert made.parent in {"dev", belongs}


def test_no_logical_name_is_used_twice_for_a_type(stack, engine):
    seen = [(made.type, made.name) for made in engine.registered]
    assert len(seen) == len(set(seen))


def test_nothing_is_tied_to_this_machine(stack, engine):
    text = repr([made.inputs for made in engine.registered])
    assert not re.search(r"/(work|home|root|tmp)/", text)


def test_no_module_reads_configuration_or_files():
    forbidden = re.compile(r"pulumi\.Config\(|(?<![.\w])(?<!def )open\(|read_text|read_bytes")
    offenders = [path.name for path in ROOT.rglob("*.py") if forbidden.search(path.read_text())]
    assert offenders == []


@pytest.mark.parametrize(("one", "other"), [("aws_lambda", "knative"), ("knative", "aws_lambda")])
def test_targets_do_not_know_each_other(one, other):
    offenders = [path.name for path in (ROOT / one).glob("*.py") if f"components.{other}" in path.read_text()]
    assert offenders == []


def test_files_stay_small():
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


@pytest.fixture
def both(deploy, a_function, a_knative_function, a_knative, engine):
    from components.environment_args import CatalogueEntry
    from components.function.args import BusEvent, HttpEvent, QueueEvent, ScheduleEvent

    jobs = CatalogueEntry(kind="queue", name="jobs", create=True)
    functions = {
        "web": a_function(),
        "shop": a_knative_function(
            http=[HttpEvent(path="/", visibility="public", auth="none")], hosts=["shop.example.com"]
        ),
        "work": a_knative_function(
            signature="cloudevent",
            schedules=[ScheduleEvent(expression="rate(1 hour)", cron="0 * * * *")],
            events=[BusEvent(type="com.x")],
            queues=[QueueEvent(queue="jobs")],
        ),
    }
    deploy(functions, knative=a_knative(), catalogue=[jobs])
    return [made for made in engine.registered if made.type.startswith("kubernetes:")]


def test_everything_in_the_cluster_says_whose_it_is(both):
    assert len(both) > 15
    for made in both:
        labels = made.inputs["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "slipway", made.name
        assert labels["slipway.io/environment"] == "dev"
        assert made.parent == "dev" or labels["slipway.io/function"] == made.parent


def test_everything_of_a_namespace_is_in_it_and_no_name_is_used_twice_for_a_kind(both):
    names = [(made.type, made.inputs["metadata"]["name"]) for made in both]
    assert len(names) == len(set(names))
    for made in both:
        of_the_cluster = made.kind == "Namespace" or made.kind.startswith("ValidatingAdmissionPolicy")
        expected = None if of_the_cluster else "slipway-dev"
        assert made.inputs["metadata"].get("namespace") == expected, made.name


def test_no_container_has_rights(both):
    pods = [made.inputs["spec"]["template"]["spec"] for made in both if "template" in made.inputs.get("spec", {})]
    assert len(pods) == 3
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert (context["runAsNonRoot"], context["allowPrivilegeEscalation"]) == (True, False)
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            assert set(container["resources"]) == {"requests", "limits"}
            assert "@sha256:" in container["image"]
            assert {"readinessProbe", "startupProbe"} <= set(container)


def test_every_custom_resource_is_waited_for(both):
    waited = {made.kind for made in both if "pulumi.com/waitFor" in made.inputs["metadata"].get("annotations", {})}
    assert waited == {"Service", "Trigger", "PingSource", "Subscription", "Channel", "Broker", "DomainMapping"}
