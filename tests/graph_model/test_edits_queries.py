"""Python queries with values built in: the file before and after, and what is left alone."""

import pytest

from graph_model.edits.testing import Case, check_case
from graph_model.languages import BY_NAME

MENDED = (
    Case(
        "percent format",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("SELECT * FROM users WHERE name = '%s' AND age > %d" % (name, age))
+    cursor.execute("SELECT * FROM users WHERE name = ? AND age > ?", (name, age))
""",
    ),
    Case(
        "percent format of one value",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("SELECT * FROM users WHERE name = '%s'" % name)
+    cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
""",
    ),
    Case(
        "concatenation",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("SELECT * FROM users WHERE name = '" + name + "' AND age = " + str(age))
+    cursor.execute("SELECT * FROM users WHERE name = ? AND age = ?", (name, age))
""",
    ),
    Case(
        "f-string",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute(f"SELECT * FROM users WHERE name = '{name}' AND age IN ('{age}', '3')")
+    cursor.execute("SELECT * FROM users WHERE name = ? AND age IN (?, '3')", (name, age))
""",
    ),
    Case(
        "f-string over several lines",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
     cursor.execute(
-        f"SELECT * FROM users "
+        "SELECT * FROM users "
-        f"WHERE name = '{name}' "  # theirs
+        "WHERE name = ? "  # theirs
-        "ORDER BY age",
+        "ORDER BY age", (name,),
     )
""",
    ),
    Case(
        "triple quotes",
        "security/sql-injection",
        '''
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute(f"""
+    cursor.execute("""
         SELECT * FROM users
-        WHERE name = '{name}'
+        WHERE name = ?
-    """)
+    """, (name,))
''',
    ),
    Case(
        "format call",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("INSERT INTO users VALUES ('{}', {})".format(name, age))
+    cursor.execute("INSERT INTO users VALUES (?, ?)", (name, age))
""",
    ),
    Case(
        "pattern",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute(f"SELECT * FROM users WHERE name LIKE '%{name}%' OR name LIKE '{age}%'")
+    cursor.execute("SELECT * FROM users WHERE name LIKE ? OR name LIKE ?", (f"%{name}%", f"{age}%"))
""",
    ),
    Case(
        "variable",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    query = "SELECT * FROM users WHERE name = '" + name + "'"
+    query = "SELECT * FROM users WHERE name = ?"
-    cursor.execute(query)
+    cursor.execute(query, (name,))
""",
    ),
    Case(
        "percent style",
        "security/sql-injection",
        """
 import psycopg2

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("SELECT * FROM users WHERE name = '%s' AND note LIKE '%%x'" % name)
+    cursor.execute("SELECT * FROM users WHERE name = %s AND note LIKE '%%x'", (name,))
""",
    ),
    Case(
        "percent pattern",
        "security/sql-injection",
        """
 import pymysql

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("SELECT * FROM users WHERE name LIKE '%%%s%%'" % name)
+    cursor.execute("SELECT * FROM users WHERE name LIKE %s", (f"%{name}%",))
""",
    ),
    Case(
        "double quotes",
        "security/sql-injection",
        """
 import pymysql

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute('SELECT * FROM users WHERE name = "' + name + '"')
+    cursor.execute('SELECT * FROM users WHERE name = %s', (name,))
""",
    ),
    Case(
        "mixed literals",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute("SELECT * FROM users WHERE name = '" + name + f"' AND age = {age}")
+    cursor.execute("SELECT * FROM users WHERE name = ? AND age = ?", (name, age))
""",
    ),
    Case(
        "parentheses",
        "security/sql-injection",
        """
 import sqlite3

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    cursor.execute(("SELECT * FROM users WHERE name = '%s'") % (name,))
+    cursor.execute(("SELECT * FROM users WHERE name = ?"), (name,))
""",
    ),
    Case(
        "text of SQLAlchemy",
        "security/sql-injection",
        """
 import sqlalchemy.exc
 from sqlalchemy import text

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    connection.execute(text("SELECT * FROM users WHERE name = '" + name + "'"))
+    connection.execute(text("SELECT * FROM users WHERE name = :p0").bindparams(p0=name))
""",
    ),
    Case(
        "raw query of Django",
        "security/sql-injection",
        """
 from shop.models import User

 def find(request):
     name = request.GET["name"]
-    return User.objects.raw("SELECT * FROM users WHERE name = '%s'" % name)
+    return User.objects.raw("SELECT * FROM users WHERE name = %s", [name])
""",
    ),
    Case(
        "asyncpg",
        "security/sql-injection",
        """
 import asyncpg

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
-    return connection.fetch(f"SELECT * FROM users WHERE name = '{name}' AND age > {age}")
+    return connection.fetch("SELECT * FROM users WHERE name = $1 AND age > $2", name, age)
""",
    ),
)


def sqlite(name: str, body: str, driver: str = "sqlite3") -> Case:
    """A function that reads two values of a request and runs a query, which is left alone."""
    return Case(name, "security/sql-injection", f"""
 import {driver}

 def find(connection, request):
     name, age = request.args["name"], request.args["age"]
     cursor = connection.cursor()
{body.removeprefix(chr(10))}""")  # fmt: skip


LEFT_ALONE = (
    sqlite("name of a table", """
     cursor.execute(f"SELECT * FROM {name}")
"""),
    sqlite("name of a column", """
     cursor.execute("SELECT * FROM users ORDER BY " + name)
"""),
    sqlite("list of values", """
     cursor.execute(f"SELECT * FROM users WHERE name IN ({name})")
"""),
    sqlite("limit", """
     cursor.execute(f"SELECT * FROM users LIMIT {age}")
"""),
    sqlite("part of a quoted text", """
     cursor.execute(f"SELECT * FROM users WHERE name = 'Dr. {name}'")
"""),
    sqlite("part of a word", """
     cursor.execute(f"SELECT * FROM users WHERE name = {name}_{age}")
"""),
    sqlite("whole query", """
     cursor.execute(name + " WHERE 1")
"""),
    sqlite("column and value", """
     cursor.execute(f"SELECT * FROM users WHERE {name} = '{age}'")
"""),
    sqlite("parameters that are there already", """
     cursor.execute(f"SELECT * FROM users WHERE name = '{name}' AND age = ?", (age,))
"""),
    sqlite("script", """
     cursor.executescript(f"DELETE FROM users WHERE name = '{name}'")
"""),
    sqlite("question mark in the text", """
     cursor.execute(f"SELECT * FROM users WHERE name = '{name}' AND note = 'why?'")
"""),
    sqlite("percent sign in the text", """
     cursor.execute(f"SELECT * FROM users WHERE name = '{name}' AND note LIKE 'a%'")
""", "psycopg2"),
    sqlite("double quotes are names", """
     cursor.execute(f'SELECT * FROM users WHERE name = "{name}"')
""", "psycopg2"),
    sqlite("format of a value", """
     cursor.execute(f"SELECT * FROM users WHERE age = {age:>3}")
"""),
    sqlite("literals quoted in two ways", """
     cursor.execute("SELECT * FROM users WHERE name = '" + name + '\\' AND 1')
"""),
    sqlite("query that is also kept", """
     query = f"SELECT * FROM users WHERE name = '{name}'"
     save(query)
     cursor.execute(query)
"""),
    sqlite("value that changes before the query runs", """
     query = f"SELECT * FROM users WHERE name = '{name}'"
     name = name.lower()
     cursor.execute(query)
"""),
    sqlite("query of two branches", """
     query = f"SELECT * FROM users WHERE name = '{name}'"
     if age:
         query = f"SELECT * FROM users WHERE age = '{age}'"
     cursor.execute(query)
"""),
    sqlite("two drivers", """
     cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")
""", "sqlite3, psycopg2"),
    sqlite("unknown driver", """
     cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")
""", "acme_sql"),
)  # fmt: skip


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_candidate_is_mended(case: Case) -> None:
    check_case(case, BY_NAME["python"])


@pytest.mark.parametrize("case", LEFT_ALONE, ids=lambda case: case.name)
def test_shape_that_is_not_understood_is_left_alone(case: Case) -> None:
    assert case.before == case.after
    check_case(case, BY_NAME["python"])
