from reviewer.linkage import find_linked
from reviewer.source import SourceFile

PROJECT = {
    "app/__init__.py": "",
    "app/views.py": "from app.helpers import clean\n",
    "app/helpers.py": "import re\n",
    "app/urls.py": "from app import views\n",
    "app/far.py": "from app import urls\n",
    "app/island.py": "x = 1\n",
    "web/api/index.js": "export const a = 1\n",
    "web/use.js": "import {a} from './api'\n",
    "Store.java": "public class Store { Row row; }\n",
    "Rows.java": "class Row {}\n",
    "Shop.java": "class Shop { Store s; }\n",
    "é.py": "x = 2-island\n",
    "uses.py": "import é\n",
    "web/my-lib.js": "",
    "web/main.js": "import './my-lib'\n",
}


def linked(*changed: str) -> set[str]:
    return set(find_linked((SourceFile(path, text.encode()) for path, text in PROJECT.items()), changed))


def test_neighbours_on_both_sides_and_theirs() -> None:
    assert linked("app/helpers.py") == {"app/helpers.py", "app/views.py", "app/urls.py", "app/__init__.py"}
    assert "app/far.py" in linked("app/views.py")


def test_a_folder_module_goes_by_its_folder() -> None:
    assert linked("web/api/index.js") == {"web/api/index.js", "web/use.js"}


def test_declared_types_count_whatever_their_file_is_called() -> None:
    assert linked("Rows.java") == {"Rows.java", "Store.java", "Shop.java"}


def test_what_nobody_names_stands_alone() -> None:
    assert linked("app/island.py") == {"app/island.py", "é.py", "uses.py"}
    assert linked("web/my-lib.js") == {"web/my-lib.js", "web/main.js"}
    assert linked("gone.py") == set()
    assert linked() == set()
    assert find_linked((), ["a.py"]) == frozenset()
