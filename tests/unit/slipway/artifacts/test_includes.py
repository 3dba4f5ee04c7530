"""Files of the shared folder that function.yaml includes."""

import pytest

from slipway.artifacts.inputs import Collector, container_paths
from slipway.core.errors import BadInputError


@pytest.fixture
def includes(project, add):
    add("functions/shared/rates.json", "{}")
    add("functions/shared/templates/order.html", "<p>")
    add("functions/shared/templates/deep/mail.html", "<p>")
    add("functions/shared/money.py", "from shared import words")
    add("functions/shared/words.py", "")
    add("functions/orders/Containerfile", "FROM scratch")
    folder = project.functions / "orders"

    def run(*paths):
        collector = Collector(project)
        package = collector.collect(folder, runtime="python3.11", architecture="x86_64", plain=False, includes=paths)
        return package, collector.container(folder, architecture="x86_64", includes=paths)

    return run


def test_files_and_folders_travel(includes, add):
    package, image = includes("templates/", "rates.json")
    wanted = [
        "shared/__init__.py",
        "shared/rates.json",
        "shared/templates/deep/mail.html",
        "shared/templates/order.html",
    ]
    assert [name for name in image.files if name.startswith("shared/")] == wanted[1:]
    assert [name for name in package.files if name.startswith("shared/")] == wanted[1:]
    assert "functions/shared/rates.json" in package.paths
    before = package.digest, image.digest
    add("functions/shared/templates/deep/mail.html", "<b>")
    after = includes("templates/", "rates.json")
    assert before[0] != after[0].digest
    assert before[1] != after[1].digest
    assert after[0].digest == includes("rates.json", "templates")[0].digest


def test_what_is_not_included_changes_nothing(includes, add):
    before = [inputs.digest for inputs in includes()]
    add("functions/shared/rates.json", "[]")
    assert before == [inputs.digest for inputs in includes()]


def test_an_included_module_brings_what_it_imports(includes):
    package, image = includes("money.py")
    wanted = {"shared/__init__.py", "shared/money.py", "shared/words.py"}
    assert wanted <= set(package.files)
    assert wanted <= set(image.files)


def test_one_that_holds_nothing(includes):
    with pytest.raises(BadInputError) as caught:
        includes("template")
    assert [finding.rule for finding in caught.value.findings] == ["no-include"]
    assert "includes 'template', which holds no file" in caught.value.findings[0].message


def test_an_own_folder_of_that_name(includes, add):
    add("functions/orders/shared/a.txt", "")
    with pytest.raises(BadInputError) as caught:
        includes("rates.json")
    assert caught.value.findings[0].rule == "reserved-name"


def test_paths_for_git():
    assert container_paths("functions", "report", ["lib/"]) == (
        "functions/report/", "functions/shared/lib", "functions/shared/lib/")  # fmt: skip
