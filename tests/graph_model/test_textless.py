"""Values whose declared type holds no text: parsed from foreign text, they are foreign no longer."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.candidates.model import Candidate
from graph_model.languages import find_language
from graph_model.linking import link_files

COMMAND = "security/command-injection"
HEAD = "import javax.servlet.http.HttpServletRequest;\nimport java.util.*;\n"


def candidates(files: dict[str, str], label: str = COMMAND) -> list[Candidate]:
    """The candidates of one label over a project given as path -> text."""
    analyses = []
    for path, text in files.items():
        language = find_language(path)
        assert language is not None
        analyses.append(analyse_file(path, text.encode(), language))
    return [c for found in link_files(analyses).values() for c in found if c.label == label]


def in_class(members: str) -> dict[str, str]:
    """One file whose class holds these members."""
    return {"A.java": f"{HEAD}class A {{\n{members}\n}}\n"}


RUN = 'Runtime.getRuntime().exec("c " + {0});'
SERVE = "void serve(HttpServletRequest q) throws Exception {{ {0} }}"


def serving(body: str) -> str:
    """A handler with this body."""
    return SERVE.format(body)


QUIET = [
    serving('Date d = parse(q.getParameter("é")); ' + RUN.format("d")),
    serving('long n = parse(q.getParameter("n")); ' + RUN.format("n")),
    serving('List<UUID> l = parse(q.getParameter("n")); ' + RUN.format("l")),
    serving('for (Integer i : parse(q.getParameter("n"))) { ' + RUN.format("i") + " }"),
    serving(RUN.format('Kind.valueOf(q.getParameter("k"))')),
    serving('boolean b = other(q.getParameter("n")); ' + RUN.format("b")),
    serving(RUN.format('q.getParameter("k").length')),
    serving(RUN.format("q.isSecure()")),
    "long parse(String t) { return convert(t); }\n" + serving(RUN.format('parse(q.getParameter("n"))')),
    'Long at;\nvoid set(HttpServletRequest q) { at = to(q.getParameter("n")); }\n'
    "void run() throws Exception { " + RUN.format("at") + " }",
    "enum Kind { A }\nvoid run(Kind k) throws Exception { " + RUN.format("k") + " }",
    "void run(IllegalStateException e) throws Exception { " + RUN.format("e") + " }",
    "void run(long[] ids) throws Exception { " + RUN.format("ids") + " }",
]


@pytest.mark.parametrize("members", QUIET)
def test_a_type_without_text_carries_nothing_foreign(members: str) -> None:
    assert candidates(in_class(members)) == []


FOREIGN = [
    serving('String d = parse(q.getParameter("n")); ' + RUN.format("d")),
    serving('List<String> l = parse(q.getParameter("n")); ' + RUN.format("l")),
    serving(RUN.format('String.valueOf(q.getParameter("k"))')),
    "String parse(String t) { return convert(t); }\n" + serving(RUN.format('parse(q.getParameter("n"))')),
    "void run(byte[] text) throws Exception { " + RUN.format("text") + " }",
    serving('String n = q.getParameter("n"); long k = 1; ' + RUN.format("n + k")),
]


@pytest.mark.parametrize("members", FOREIGN)
def test_text_stays_foreign(members: str) -> None:
    assert len(candidates(in_class(members))) == 1


def test_the_fields_of_a_foreign_object_are_foreign() -> None:
    form = (
        "package app;\npublic class Form { private String name; private Long id;\n"
        "public String getName() { return name; }\npublic Long getId() { return id; } }\n"
    )
    web = (
        "package app;\nimport org.springframework.web.bind.annotation.*;\n@RestController\npublic class Web {\n"
        "  @PostMapping public void a(@RequestBody Form form) throws Exception { "
        'Runtime.getRuntime().exec("c " + form.%s()); }\n}\n'
    )
    assert len(candidates({"app/Form.java": form, "app/Web.java": web % "getName"})) == 1
    assert candidates({"app/Form.java": form, "app/Web.java": web % "getId"}) == []


def test_the_fields_of_an_open_parameter_are_no_end() -> None:
    form = "package app;\npublic class Form { private String name; public String getName() { return name; } }\n"
    use = f"package app;\nclass Use {{ void a(Form form) throws Exception {{ {RUN.format('form.getName()')} }} }}\n"
    assert candidates({"app/Form.java": form, "app/Use.java": use}) == []


@pytest.mark.parametrize(
    ("route", "count"),
    [("/x/{id:[0-9]+}", 0), ("/x/{id: a|b}", 0), ("/x/{id:.*}", 1), ("/x/{id:[^/]+}", 1), ("/{id}", 1)],
)
def test_a_route_that_admits_plain_characters_only_makes_its_variable_harmless(route: str, count: int) -> None:
    run = RUN.format("x")
    web = (
        "import org.springframework.web.bind.annotation.*;\n@RestController\nclass Web {\n"
        f'  @GetMapping("{route}") public void a(@PathVariable("id") String x) throws Exception {{ {run} }}\n}}\n'
    )
    assert len(candidates({"Web.java": web})) == count


@pytest.mark.parametrize(
    ("constraint", "count"),
    [
        ("@UUID", 0),
        ("@ValidUuid", 0),
        ('@Pattern(regexp = "^[a-z0-9]+$")', 0),
        ('@Pattern(regexp = ".+")', 1),
        ("@Size", 1),
    ],
)
def test_a_constraint_that_admits_plain_characters_only_makes_a_parameter_harmless(constraint: str, count: int) -> None:
    run = RUN.format("x")
    web = (
        "import org.springframework.web.bind.annotation.*;\n@RestController\nclass Web {\n"
        f'  @GetMapping("/a") public void a(@RequestParam {constraint} String x) throws Exception {{ {run} }}\n}}\n'
    )
    assert len(candidates({"Web.java": web})) == count


LOG = "import org.slf4j.*;\nclass A { Logger log = LoggerFactory.getLogger(A.class);\n%s }\n"


@pytest.mark.parametrize(
    ("method", "count"),
    [
        ('void a(String name) { log.info("n " + name); }', 0),
        ('void a() { log.info("n " + System.getenv("HOME")); }', 0),
        ('void a(javax.servlet.http.HttpServletRequest q) { log.info("n " + q.getRequestURI()); }', 0),
        ('void a(javax.servlet.http.HttpServletRequest q) { log.info("n " + q.getHeader("h")); }', 0),
        ('void a(javax.servlet.http.HttpServletRequest q) { log.info("n {}", q.getParameter("h")); }', 0),
        ('void a(javax.servlet.http.HttpServletRequest q) { log.info("n " + q.getParameter("h")); }', 1),
    ],
)
def test_a_log_entry_is_harmed_by_remote_data_only(method: str, count: int) -> None:
    assert len(candidates({"A.java": LOG % method}, "security/log-injection")) == count


@pytest.mark.parametrize(("owner", "count"), [("client.redirectUris()", 0), ("client.notes()", 1)])
def test_membership_of_a_list_of_addresses_rules_foreign_data_out(owner: str, count: int) -> None:
    body = f'String to = q.getParameter("to"); if (!{owner}.contains(to)) {{ return; }} r.sendRedirect(to);'
    text = (
        "import javax.servlet.http.*;\nclass A { void go(HttpServletRequest q, HttpServletResponse r, Client client) "
        f"throws Exception {{ {body} }} }}\n"
    )
    assert len(candidates({"A.java": text}, "security/open-redirect")) == count


@pytest.mark.parametrize(
    ("declared", "count"),
    [
        ("String", 1),
        ("File", 1),
        ("Map<String, String>", 1),
        ("T", 1),
        ("byte[]", 1),
        ("Settings", 0),
        ("DataSource", 0),
    ],
)
def test_an_object_of_the_program_is_no_way_in(declared: str, count: int) -> None:
    body = "void run(" + declared + ' given) throws Exception { Runtime.getRuntime().exec("c " + given.at()); }'
    assert len(candidates(in_class(body))) == count


def test_foreign_data_comes_in_through_an_object_of_the_program() -> None:
    members = "void run(Job job) throws Exception { " + RUN.format("job.name()") + " }\n"
    assert len(candidates(in_class(members + serving('run(new Job(q.getParameter("n")));')))) == 1


def test_a_getter_that_is_generated_for_a_field_without_text_gives_none() -> None:
    form = "package app;\n@Data\npublic class Form { private String name; private Long id; }\n"
    web = (
        "package app;\nimport org.springframework.web.bind.annotation.*;\n@RestController\npublic class Web {\n"
        "  @PostMapping public void a(@RequestBody Form form) throws Exception { "
        'Runtime.getRuntime().exec("c " + form.%s()); }\n}\n'
    )
    assert len(candidates({"app/Form.java": form, "app/Web.java": web % "getName"})) == 1
    assert candidates({"app/Form.java": form, "app/Web.java": web % "getId"}) == []
