import pulumi

from components.errors import InputError, nearest


def test_an_input_error_prints_every_mistake_on_its_own_line():
    error = InputError(["one", "two"])
    assert isinstance(error, pulumi.RunError)
    assert str(error) == "one\ntwo"
    assert error.mistakes == ("one", "two")
    assert InputError("alone").mistakes == ("alone",)


def test_nearest_names_the_likeliest_first_and_lists_all():
    assert nearest("quue", ["queue", "bucket"]) == "did you mean 'queue'? Allowed: bucket, queue"
    assert nearest("zzz", ["queue", "bucket"]) == "Allowed: bucket, queue"
    assert nearest("x", []) == "there are none"
