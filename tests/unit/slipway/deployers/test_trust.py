"""Who may take the role of a pipeline."""

import pytest

from slipway.core.errors import BadInputError
from slipway.deployers.trust import Jobs, trust
from tests.iam import Request, allows

RIGHT = {
    "issuer": "https://gitlab.com",
    "project": "shop/functions",
    "ref": "main",
    "is_tag": False,
    "audience": "shop-prod",
}
SUBJECT = "project_path:shop/functions:ref_type:branch:ref:main"


def may(document, subject, *, audience="shop-prod", provider="gitlab.com"):
    request = Request(
        "sts:AssumeRoleWithWebIdentity",
        context={f"{provider}:sub": subject, f"{provider}:aud": audience},
        principal={"Federated": f"arn:aws:iam::123456789012:oidc-provider/{provider}"},
    )
    return allows(request, document)


def document(**changes):
    return trust(Jobs(**RIGHT | changes), partition="aws", account="123456789012")


def test_jobs_of_the_ref_and_nobody_else():
    made = document()
    assert may(made, SUBJECT)
    for subject in (
        SUBJECT.replace("main", "feature"),
        SUBJECT.replace("main", "main-2"),
        SUBJECT.replace("branch", "tag"),
        SUBJECT.replace("shop/functions", "shop/functions2"),
        SUBJECT.replace("shop/", "other/"),
    ):
        assert not may(made, subject), subject
    assert not may(made, SUBJECT, audience="shop-staging")
    assert not may(made, SUBJECT, provider="gitlab.example.com")


def test_an_instance_of_ones_own():
    made = document(issuer="https://gitlab.example.com/git/")
    assert may(made, SUBJECT, provider="gitlab.example.com/git")
    assert not may(made, SUBJECT)


def test_previews_come_from_every_branch_of_the_project():
    made = document(ref=None)
    assert may(made, SUBJECT.replace("main", "feature/new"))
    assert not may(made, SUBJECT.replace("branch", "tag"))
    assert not may(made, SUBJECT.replace("shop/functions", "shop/other"))
    assert not may(made, SUBJECT, audience="shop-staging")


def test_a_tag():
    assert may(document(ref="v1.2", is_tag=True), "project_path:shop/functions:ref_type:tag:ref:v1.2")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"project": "shop/*"}, r"no wildcard, found 'shop/\*'"),
        ({"project": "functions"}, "project must be a path such as shop/functions"),
        ({"project": "shop/functions:ref_type:branch"}, "project must be a path"),
        ({"ref": "*"}, r"ref must be the name of one branch or tag, no wildcard, found '\*'"),
        ({"ref": "release-?"}, "ref must be the name of one branch or tag"),
        ({"issuer": "http://gitlab.com"}, "issuer must be an https address"),
        ({"issuer": "gitlab.com"}, "issuer must be an https address"),
        ({"issuer": "https://user@gitlab.com"}, "issuer must be an https address"),
    ],
)
def test_what_would_open_the_role_to_others_is_refused(changes, said):
    with pytest.raises(BadInputError, match=said):
        document(**changes)
