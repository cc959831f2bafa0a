import pytest

from dataset_curation.errors import OffLimitsError
from dataset_curation.filters.off_limits import (
    check_repository,
    check_text,
    find_cves,
    load_off_limits,
    normalise_repository,
    parse_off_limits,
)


@pytest.mark.parametrize(
    "name",
    [
        "psf/requests",
        "PSF/Requests",
        "https://github.com/psf/requests.git",
        "git@github.com:psf/requests",
        "somebody/requests",  # a fork keeps its name
        "SonarSource/anything-at-all",
        "https://gitbox.apache.org/repos/asf/struts.git",
        "https://git-wip-us.apache.org/repos/asf/activemq.git",
        "App-vNext+Polly",
    ],
)
def test_repositories_of_the_outside_exam_are_refused(name: str) -> None:
    with pytest.raises(OffLimitsError, match="outside exam"):
        check_repository(name)


@pytest.mark.parametrize("name", ["pallets/flask", "openstack/keystone", "apache/zeppelin"])
def test_other_repositories_pass(name: str) -> None:
    check_repository(name)


def test_evaluation_sets_are_refused_for_training_only() -> None:
    check_repository("PyCQA/bandit", is_training=False)
    with pytest.raises(OffLimitsError):
        check_repository("pycqa/Bandit")


def test_the_shipped_list_holds_both_kinds() -> None:
    limits = load_off_limits()
    assert len(limits.cves) > 300
    assert len(limits.repositories) > 250
    assert "eth-sri/sven" in limits.evaluation
    assert not limits.repositories & limits.evaluation


def test_a_text_that_names_a_cve_of_the_exam_is_refused() -> None:
    with pytest.raises(OffLimitsError, match="CVE-2018-1260"):
        check_text("Fixes cve-2018-1260 and CVE-2099-12345")
    check_text("Fixes CVE-2099-12345")


def test_parsing_ignores_comments_and_tells_kinds_apart() -> None:
    limits = parse_off_limits("# a/b\nOwner/*\no/n\n\nCVE-2020-1234\n\nevaluation:\ne/v\n")
    assert limits.owners == {"owner"}
    assert limits.repositories == {"o/n"}
    assert limits.cves == {"cve-2020-1234"}
    assert limits.evaluation == {"e/v"}


def test_cves_are_listed_once_in_order() -> None:
    assert find_cves("cve-2021-11111, CVE-2020-2222 and CVE-2021-11111") == ("CVE-2021-11111", "CVE-2020-2222")


def test_normalising_keeps_owner_and_name() -> None:
    assert normalise_repository("https://github.com/Owner/Name/") == "owner/name"
