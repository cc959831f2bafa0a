"""Where a defect would matter: loops over much, functions that wait, databases, files worth reading line by line."""

import pytest

from dataset_curation.injection.asides import is_aside
from dataset_curation.injection.defects import Proposal, propose_defects
from dataset_curation.injection.fitting import fits
from dataset_curation.injection.structures import open_scene, propose_structures, with_twins
from dataset_curation.injection.structures.amounts import may_be_many
from graph_model.languages import find_language


def find(path: str, code: str, name: str) -> list[Proposal]:
    """The proposals of a defect that fit, with their twins."""
    language = find_language(path)
    assert language is not None
    scene = open_scene(path, code.encode(), language)
    proposals = [one for one in propose_defects(code.encode(), language.family) if one.name == name]
    return list(with_twins(scene, (one for one in proposals if fits(scene, one))))


@pytest.mark.parametrize(
    ("path", "aside"),
    [
        ("src/store/queue.py", False),
        ("src/latest/reader.ts", False),
        ("lib/contest/rank.js", False),
        ("scripts-dev/release.py", True),
        ("packages/create-payload-app/src/a.ts", True),
        ("src/Core.TestKit.Base/Grain.cs", True),
        ("src/main.py", True),
        ("vite.config.ts", True),
    ],
)
def test_tools_tests_and_settings_are_beside_the_program(path: str, aside: bool) -> None:
    assert is_aside(path) == aside


@pytest.mark.parametrize(
    ("head", "many"),
    [
        ("rows", True),
        ("enumerate(self.records.values())", True),
        ("(line = reader.readLine()) != null", True),
        ("page.languages", False),
        ("Object.keys(entries)", False),
        ("range(9)", False),
        ("row", False),
        ("config.items()", False),
        ("self.find_series(config)", True),
        ("enumerate(rows, 1)", True),
    ],
)
def test_the_last_thing_that_a_loop_names_says_how_many_there_are(head: str, many: bool) -> None:
    assert may_be_many(head) == many


ASKED = """def find(rows):
    {name} = set()
    for row in {over}:
        if row in {name}:
            continue
        {name}.add(row)
{more}"""


@pytest.mark.parametrize(
    ("name", "over", "more", "path", "number"),
    [
        ("seen", "rows", "", "a.py", 1),
        ("seen", "options", "", "a.py", 0),
        ("seen_set", "rows", "", "a.py", 0),
        ("seen", "rows", "", "tools/a.py", 0),
        ("seen", "rows", "", "plugin_settings.py", 0),
        ("seen", "walk_dir(directory)", "", "a.py", 1),
        ("choices", "rows", "", "a.py", 0),
        ("seen", "tables", "", "a.py", 0),
        ("seen", "rows", "\n\ndef other():\n    seen = set()\n    seen.add(1)\n", "a.py", 0),
    ],
)
def test_a_set_is_asked_in_a_loop_over_much(name: str, over: str, more: str, path: str, number: int) -> None:
    found = find(path, ASKED.format(name=name, over=over, more=more), "python-list-for-empty-set")
    assert len(found) == number


@pytest.mark.parametrize(("more", "number"), [("await b.SaveAsync();", 1), ("b.Save();", 0)])
def test_an_asynchronous_function_still_awaits_something(more: str, number: int) -> None:
    code = f"class A {{ async Task F() {{ {more} var x = await a.GetAsync(1); }} }}"
    found = find("A.cs", code, "csharp-sync-over-async")
    assert len([one for one in found if b"GetAsync" in code.encode()[one.start : one.end]]) == number


@pytest.mark.parametrize(
    ("given", "number"), [("line", 1), ("req_string", 1), ("kind", 0), ("", 0), ("width, height", 0)]
)
def test_a_cache_is_asked_for_ever_new_values(given: str, number: int) -> None:
    code = f"@lru_cache(maxsize=128)\ndef f({given}):\n    return 1\n"
    assert len(find("a.py", code, "python-cache-unbounded")) == number


READ = "def read(path):\n    with open({path}) as f:\n        for line in f:\n            {does}\n"


@pytest.mark.parametrize(
    ("path", "does", "number"),
    [
        ("path", "return line", 0),
        ("path", "use(line)", 0),
        ("path", "use(json.loads(line))", 1),
        ("path", "kept[line] = json.loads(line)", 0),
        ("'a.txt'", "use(json.loads(line))", 0),
        ("other", "use(json.loads(line))", 0),
        ("log_path", "use(line)", 1),
        ("known_hosts_log", "use(line)", 0),
        ("config_path", "return line", 0),
        ("requirements_path", "return line", 0),
        ("proc_path", "use(line)", 0),
    ],
)
def test_a_file_may_be_large_or_its_first_lines_enough(path: str, does: str, number: int) -> None:
    assert len(find("a.py", READ.format(path=path, does=does), "python-whole-file")) == number


def test_members_of_an_archive_are_no_lines() -> None:
    code = "def read(log):\n    with tarfile.open(log) as f:\n        for one in f:\n            use(one)\n"
    assert find("a.py", code, "python-whole-file") == []


@pytest.mark.parametrize(
    ("items", "call", "path", "number"),
    [
        ("users", "client.fetch(one)", "a.ts", 1),
        ("userIds", "this.repository.delete(one)", "a.ts", 1),
        ("replicas", "client.close(one)", "a.ts", 0),
        ("tables", "client.fetch(one)", "a.ts", 0),
        ("users", "compute(one)", "a.ts", 0),
        ("users", "fs.unlink(one.upload)", "a.ts", 0),
        ("users", "one.lazy && client.fetch(one)", "a.ts", 0),
        ("users", "client.fetch(one)", "migrations.ts", 0),
    ],
)
def test_what_is_awaited_for_each_of_many_is_a_request(items: str, call: str, path: str, number: int) -> None:
    code = f"async function f({items}) {{\n  await Promise.all({items}.map((one) => {call}));\n}}\n"
    assert len(find(path, code, "javascript-one-after-another")) == number


QUEUE = """def crawl(start):
    {name} = deque([start])
    while {name}:
        url = {name}.popleft()
        {does}
"""


@pytest.mark.parametrize(
    ("name", "does", "path", "number"),
    [
        ("pending", "pending.extend(links(url))", "a.py", 1),
        ("pending", "use(url)", "a.py", 0),
        ("tokens", "tokens.append(url)", "a.py", 0),
        ("pending", "pending.append(url)", "pretty_printer.py", 0),
        ("pending", "pending.append(url)", "venom/passes/aliases.py", 0),
    ],
)
def test_a_queue_is_fed_by_what_grows(name: str, does: str, path: str, number: int) -> None:
    code = QUEUE.format(name=name, does=does)
    assert len(find(path, code, "python-list-for-deque-of-list")) == number


@pytest.mark.parametrize(
    ("path", "typed", "number"), [("a.ts", "", 0), ("a.ts", ": Row[]", 1), ("a.tsx", "", 0), ("a.js", "", 1)]
)
def test_what_is_read_where_it_is_set_anew_has_a_type(path: str, typed: str, number: int) -> None:
    loop = "for (const r of rows) {\n    a.push(r);\n  }"
    code = f"function f(rows) {{\n  const a{typed} = [];\n  {loop}\n  return a;\n}}\n"
    language = find_language(path)
    assert language is not None
    assert len(list(propose_structures(open_scene(path, code.encode(), language), {"copy-in-loop"}))) == number


def test_a_variable_without_another_name_is_declared_otherwise() -> None:
    code = ASKED.format(name="zq", over="rows", more="")
    (found,) = find("a.py", code, "python-list-for-empty-set")
    assert [edit.replacement for edit in found.twin] == [b": set"]
