# ruff: noqa: E101  # whole files; a case is read as a row
"""Fixes of Python: the file before and after, and what is left alone."""

import pytest

from graph_model.edits.testing import Case, check_case
from graph_model.languages import BY_NAME

MENDED = (
    Case(
        "yaml load",
        "security/unsafe-deserialization",
        """
 import yaml

 def read(stream):
-    return yaml.load(stream)
+    return yaml.safe_load(stream)
""",
    ),
    Case(
        "yaml load with an unsafe loader",
        "security/unsafe-deserialization",
        """
 import yaml

 def read(stream):
-    return yaml.load(stream, Loader=yaml.Loader)
+    return yaml.safe_load(stream)
""",
    ),
    Case(
        "yaml loader by position",
        "security/unsafe-deserialization",
        """
 import yaml as y

 def read(stream):
-    return y.load_all(stream, y.UnsafeLoader)
+    return y.safe_load_all(stream)
""",
    ),
    Case(
        "yaml load imported by name",
        "security/unsafe-deserialization",
        """
-from yaml import dump, load
+from yaml import dump, safe_load

 def read(stream):
-    return load(stream)
+    return safe_load(stream)
""",
    ),
    Case(
        "torch load",
        "security/unsafe-deserialization",
        """
 import torch

 def read(path):
-    return torch.load(path, map_location="cpu")
+    return torch.load(path, map_location="cpu", weights_only=True)
""",
    ),
    Case(
        "numpy load",
        "security/unsafe-deserialization",
        """
 import numpy as np

 def read(path):
-    return np.load(path, allow_pickle=True)
+    return np.load(path, allow_pickle=False)
""",
    ),
    Case(
        "md5",
        "security/weak-hash",
        """
 import hashlib

 def sign(data):
-    return hashlib.md5(data).hexdigest()
+    return hashlib.sha256(data).hexdigest()
""",
    ),
    Case(
        "sha1 imported by name and used twice",
        "security/weak-hash",
        """
-from hashlib import sha1
+from hashlib import sha1, sha256

 def sign(data):
-    first = sha1(data).hexdigest()
+    first = sha256(data).hexdigest()
     return first, sha1
""",
    ),
    Case(
        "hash by name",
        "security/weak-hash",
        """
 import hashlib

 def sign(data):
-    return hashlib.new('sha1', data).hexdigest()
+    return hashlib.new('sha256', data).hexdigest()
""",
    ),
    Case(
        "hmac with md5",
        "security/weak-hash",
        """
 import hashlib
 import hmac

 def sign(key, data):
-    return hmac.new(key, data, hashlib.md5).digest()
+    return hmac.new(key, data, hashlib.sha256).digest()
""",
    ),
    Case(
        "verify false",
        "security/disabled-certificate-verification",
        """
 import requests

 def read(url):
-    return requests.get(url, timeout=5, verify=False)
+    return requests.get(url, timeout=5)
""",
    ),
    Case(
        "verify false alone on its line",
        "security/disabled-certificate-verification",
        """
 import requests

 def read(url):
     return requests.get(
         url,
-        verify=False,
         timeout=5,
     )
""",
    ),
    Case(
        "verify of a session",
        "security/disabled-certificate-verification",
        """
 import requests

 def read(url):
     session = requests.Session()
-    session.verify = False
+    session.verify = True
     return session.get(url)
""",
    ),
    Case(
        "both fields of a context",
        "security/disabled-certificate-verification",
        """
 import ssl

 def context():
     made = ssl.create_default_context()
-    made.check_hostname = False
+    made.check_hostname = True
-    made.verify_mode = ssl.CERT_NONE
+    made.verify_mode = ssl.CERT_REQUIRED
     return made
""",
    ),
    Case(
        "unverified context",
        "security/disabled-certificate-verification",
        """
 import ssl

-context = ssl._create_unverified_context()
+context = ssl.create_default_context()
""",
    ),
    Case(
        "unverified default context",
        "security/disabled-certificate-verification",
        """
 import ssl

-ssl._create_default_https_context = ssl._create_unverified_context
+ssl._create_default_https_context = ssl.create_default_context
""",
    ),
    Case(
        "jwt signature",
        "security/disabled-signature-verification",
        """
 import jwt

 def claims(token, key):
-    return jwt.decode(token, key, algorithms=["HS256"], options={"verify_signature": False})
+    return jwt.decode(token, key, algorithms=["HS256"], options={"verify_signature": True})
""",
    ),
    Case(
        "ssh host key",
        "security/unverified-host-key",
        """
 import paramiko

 def connect(host):
     client = paramiko.SSHClient()
-    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
+    client.set_missing_host_key_policy(paramiko.RejectPolicy())
     client.connect(host)
""",
    ),
    Case(
        "ssh host key policy imported by name",
        "security/unverified-host-key",
        """
-from paramiko import AutoAddPolicy, SSHClient
+from paramiko import RejectPolicy, SSHClient

 def connect(host):
     client = SSHClient()
-    client.set_missing_host_key_policy(AutoAddPolicy())
+    client.set_missing_host_key_policy(RejectPolicy())
     client.connect(host)
""",
    ),
    Case(
        "ssh host key option",
        "security/unverified-host-key",
        """
 import asyncssh

 async def connect(host):
-    async with asyncssh.connect(host, known_hosts=None) as connection:
+    async with asyncssh.connect(host) as connection:
         await connection.run("ls")
""",
    ),
    Case(
        "unsigned tokens",
        "security/disabled-signature-verification",
        """
 import jwt

 def claims(token, key):
-    return jwt.decode(token, key, algorithms=["HS256", "none"])
+    return jwt.decode(token, key, algorithms=["HS256"])
""",
    ),
    Case(
        "aiohttp",
        "security/disabled-certificate-verification",
        """
 import aiohttp

 async def read(url):
-    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=5, ssl=False)) as session:
+    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=5)) as session:
         return await session.get(url)
""",
    ),
    Case(
        "plain address",
        "security/cleartext-transmission",
        """
 import requests

 def send(data):
-    return requests.post("http://shop.example.org/orders", json=data, timeout=5)
+    return requests.post("https://shop.example.org/orders", json=data, timeout=5)
""",
    ),
    Case(
        "environment that does not escape",
        "security/unescaped-template",
        """
 import jinja2

-env = jinja2.Environment(loader=jinja2.FileSystemLoader("templates"))
+env = jinja2.Environment(loader=jinja2.FileSystemLoader("templates"), autoescape=True)
""",
    ),
    Case(
        "bcrypt rounds",
        "security/weak-password-hash",
        """
 import bcrypt

 def store(password):
-    return bcrypt.hashpw(password, bcrypt.gensalt(rounds=4))
+    return bcrypt.hashpw(password, bcrypt.gensalt(rounds=12))
""",
    ),
    Case(
        "pickled tasks",
        "security/unsafe-deserialization",
        """
 from celery import Celery

-app = Celery("shop", task_serializer="pickle")
+app = Celery("shop", task_serializer="json")
""",
    ),
    Case(
        "verify alone",
        "security/disabled-certificate-verification",
        """
 import httpx

-client = httpx.Client(verify=False)
+client = httpx.Client()
""",
    ),
    Case(
        "verify behind a comment",
        "security/disabled-certificate-verification",
        """
 import requests

 requests.get(
     url,  # theirs
-    verify=False,
 )
""",
    ),
    Case(
        "verify first",
        "security/disabled-certificate-verification",
        """
 import httpx

-client = httpx.Client(verify=False, timeout=3,)
+client = httpx.Client(timeout=3,)
""",
    ),
    Case(
        "optional type",
        "correctness/mutable-default-argument",
        """
 from typing import List, Optional

-def add(item: int, items: List[int] = [1]) -> None:
+def add(item: int, items: Optional[List[int]] = None) -> None:
+    if items is None:
+        items = [1]
     items.append(item)
""",
    ),
    Case(
        "mode as text of flags",
        "security/file-permissions",
        """
 import os
 import stat

 def publish(path):
-    os.chmod(path, stat.S_IRWXU | stat.S_IRWXG)
+    os.chmod(path, stat.S_IRWXU | stat.S_IRGRP)
""",
    ),
    Case(
        "old tls",
        "security/weak-tls-version",
        """
 import ssl

-context = ssl.SSLContext(ssl.PROTOCOL_TLSv1)
+context = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)
""",
    ),
    Case(
        "old minimum version",
        "security/weak-tls-version",
        """
 import ssl

 context = ssl.create_default_context()
-context.minimum_version = ssl.TLSVersion.TLSv1_1
+context.minimum_version = ssl.TLSVersion.TLSv1_2
""",
    ),
    Case(
        "secure cookie",
        "security/insecure-cookie",
        """
 from flask import make_response

 def page(value):
     response = make_response("hello")
-    response.set_cookie("sid", value, httponly=True)
+    response.set_cookie("sid", value, httponly=True, secure=True)
     return response
""",
    ),
    Case(
        "secure cookie in several lines",
        "security/insecure-cookie",
        """
 from flask import make_response

 def page(value):
     response = make_response("hello")
     response.set_cookie(
         "sid",
         value,  # what it holds
+        secure=True,
     )
     return response
""",
    ),
    Case(
        "secure cookie behind a comment",
        "security/insecure-cookie",
        """
 from flask import make_response

 def page(value):
     response = make_response("hello")
     response.set_cookie(
         "sid",
-        value  # what it holds
+        value,  # what it holds
+        secure=True
     )
     return response
""",
    ),
    Case(
        "insecure cookie flag",
        "security/insecure-cookie",
        """
 from flask import make_response

 def page(value):
     response = make_response("hello")
-    response.set_cookie("sid", value, secure=False)
+    response.set_cookie("sid", value, secure=True)
     return response
""",
    ),
    Case(
        "cookie setting",
        "security/insecure-cookie",
        """
-SESSION_COOKIE_SECURE = False
+SESSION_COOKIE_SECURE = True
""",
    ),
    Case(
        "httponly cookie",
        "security/cookie-without-httponly",
        """
 from flask import make_response

 def page(value):
     response = make_response("hello")
-    response.set_cookie("sid", value, secure=True)
+    response.set_cookie("sid", value, secure=True, httponly=True)
     return response
""",
    ),
    Case(
        "csrf setting",
        "security/disabled-csrf-protection",
        """
 from flask import Flask

 app = Flask(__name__)
-app.config["WTF_CSRF_ENABLED"] = False
+app.config["WTF_CSRF_ENABLED"] = True
""",
    ),
    Case(
        "tls for mail",
        "security/cleartext-transmission",
        """
-EMAIL_USE_TLS = False
+EMAIL_USE_TLS = True
""",
    ),
    Case(
        "autoescape",
        "security/unescaped-template",
        """
 import jinja2

-env = jinja2.Environment(loader=None, autoescape=False)
+env = jinja2.Environment(loader=None, autoescape=True)
""",
    ),
    Case(
        "xml entities",
        "security/xml-external-entity",
        """
 from lxml import etree

 def read(stream):
-    parser = etree.XMLParser(resolve_entities=True)
+    parser = etree.XMLParser(resolve_entities=False)
     return etree.parse(stream, parser)
""",
    ),
    Case(
        "archive filter",
        "security/archive-path-traversal",
        """
 import tarfile

 def unpack(path, target):
     with tarfile.open(path) as archive:
-        archive.extractall(target)
+        archive.extractall(target, filter="data")
""",
    ),
    Case(
        "constant time",
        "security/timing-comparison",
        '''
 """Checks."""

+import hmac
 import os
 import sys


 def check(token, expected_token):
-    return token == expected_token
+    return hmac.compare_digest(token, expected_token)
''',
    ),
    Case(
        "not equal in constant time",
        "security/timing-comparison",
        """
 import hmac

 def check(request, key, body):
     signature = hmac.new(key, body, "sha256").hexdigest()
-    if request.headers.get("signature") != signature:
+    if not hmac.compare_digest(request.headers.get("signature", ""), signature):
         raise ValueError
""",
    ),
    Case(
        "random token",
        "security/weak-random",
        """
-import random
+import secrets
 import string

 def make_token():
-    return "".join(random.choice(string.ascii_letters) for _ in range(20))
+    return "".join(secrets.choice(string.ascii_letters) for _ in range(20))
""",
    ),
    Case(
        "random number beside another use",
        "security/weak-random",
        """
 import random
+import secrets

 def make_token():
-    return random.randint(1000, 9999)
+    return secrets.SystemRandom().randint(1000, 9999)

 def shuffle(cards):
     random.shuffle(cards)
""",
    ),
    Case(
        "random bytes",
        "security/weak-random",
        '''
 """Keys."""
-import random
+import secrets

 def make_secret_key():
-    return random.randbytes(16)
+    return secrets.token_bytes(16)
''',
    ),
    Case(
        "iterations",
        "security/weak-password-hash",
        """
 import hashlib

 def derive(text, salt):
-    return hashlib.pbkdf2_hmac("sha256", text, salt, 1000)
+    return hashlib.pbkdf2_hmac("sha256", text, salt, 600000)
""",
    ),
    Case(
        "key size",
        "security/short-key",
        """
 from cryptography.hazmat.primitives.asymmetric import rsa

-key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
+key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
""",
    ),
    Case(
        "temporary file",
        "security/insecure-temporary-file",
        """
+import os
 import tempfile

 def write(text):
-    path = tempfile.mktemp(".txt")
+    handle, path = tempfile.mkstemp(".txt")
+    os.close(handle)
     with open(path, "w") as file:
         file.write(text)
""",
    ),
    Case(
        "file mode",
        "security/file-permissions",
        """
 import os

 def publish(path):
-    os.chmod(path, 0o777)
+    os.chmod(path, 0o750)
""",
    ),
    Case(
        "file mode of flags",
        "security/file-permissions",
        """
 import os
 import stat

 def publish(path):
-    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR | stat.S_IWOTH)
+    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
""",
    ),
    Case(
        "umask",
        "security/file-permissions",
        """
 import os

-os.umask(0)
+os.umask(0o077)
""",
    ),
    Case(
        "debug run",
        "security/debug-enabled",
        """
 from flask import Flask

 app = Flask(__name__)
-app.run(host="0.0.0.0", debug=True)
+app.run(host="0.0.0.0", debug=False)
""",
    ),
    Case(
        "debug setting",
        "security/debug-enabled",
        """
-DEBUG = True
+DEBUG = False
""",
    ),
    Case(
        "compiled pattern",
        "performance/repeated-compilation",
        r"""
 import re

 def find(lines, word):
+    pattern = re.compile(r"\b" + word)  # whole words
     for line in lines:
-        pattern = re.compile(r"\b" + word)  # whole words
         if pattern.search(line):
             yield line
""",
    ),
    Case(
        "pattern compiled in place",
        "performance/repeated-compilation",
        """
 import re

 def find(groups):
     found = []
+    pattern = re.compile("a+b")
     for group in groups:
         for line in group:
-            found.append(re.compile("a+b").findall(line))
+            found.append(pattern.findall(line))
     return found
""",
    ),
    Case(
        "list of an iterable",
        "performance/needless-materialization",
        """
 def show(values):
-    for value in list(values):
+    for value in values:
         print(value)
""",
    ),
    Case(
        "queryset count",
        "performance/count-for-existence",
        """
 from app.models import User

 def any_admin():
-    return User.objects.filter(admin=True).count() > 0
+    return User.objects.filter(admin=True).exists()
""",
    ),
    Case(
        "queryset without rows",
        "performance/count-for-existence",
        """
 from app.models import User

 def empty():
-    if User.objects.filter(admin=True).count() == 0 and True:
+    if not User.objects.filter(admin=True).exists() and True:
         return 1
""",
    ),
    Case(
        "growing text",
        "performance/string-concatenation-in-loop",
        """
 def join(words):
-    text = ""
+    text_parts = []
     for word in words:
         if word:
-            text += word + ", "
-        text += "-"
+            text_parts.append(word + ", ")
+        text_parts.append("-")
+    text = "".join(text_parts)
     return text
""",
    ),
    Case(
        "growing text with a beginning",
        "performance/string-concatenation-in-loop",
        """
 def table(rows):
-    html = "<table>"
+    html_parts = ["<table>"]
     for row in rows:
         for cell in row:
-            html += f"<td>{cell}</td>"
+            html_parts.append(f"<td>{cell}</td>")
+    html = "".join(html_parts)
     html += "</table>"
     return html
""",
    ),
    Case(
        "text grown by an assignment",
        "performance/string-concatenation-in-loop",
        """
 def join(words):
-    text = ''
+    text_parts = []
     for word in words:
-        text = text + word + ", "
+        text_parts.append(word + ", ")
+    text = "".join(text_parts)
     return text
""",
    ),
    Case(
        "list of an iterable in a comprehension",
        "performance/needless-materialization",
        """
 def sizes(values):
-    return [len(value) for value in list(values.items())]
+    return [len(value) for value in values.items()]
""",
    ),
    Case(
        "forgotten await",
        "correctness/missing-await",
        """
 import asyncio

 async def wait():
-    asyncio.sleep(1)
+    await asyncio.sleep(1)
""",
    ),
    Case(
        "mutable default",
        "correctness/mutable-default-argument",
        '''
-def add(item, items=[]):
+def add(item, items=None):
     """Adds."""
+    if items is None:
+        items = []
     items.append(item)
     return items
''',
    ),
    Case(
        "typed mutable default",
        "correctness/mutable-default-argument",
        """
 from __future__ import annotations

 class Box:
-    def add(self, item: int, items: dict[str, int] = {"a": 1}) -> None:
+    def add(self, item: int, items: dict[str, int] | None = None) -> None:
+	if items is None:
+	    items = {"a": 1}
 	items["b"] = item
""",
    ),
)
LEFT_ALONE = (
    Case(
        "yaml load under another name",
        "security/unsafe-deserialization",
        """
 from yaml import load as read

 found = read(stream)
""",
    ),
    Case(
        "yaml load of given arguments",
        "security/unsafe-deserialization",
        """
 import yaml

 found = yaml.load(*arguments)
""",
        "yaml.load(*arguments)",
        "yaml.load",
    ),
    Case(
        "hash chosen elsewhere",
        "security/weak-hash",
        """
 import hashlib

 ALGORITHM = "md5"
 signature = hashlib.new(ALGORITHM, data)
""",
    ),
    Case(
        "address of an unknown host",
        "security/cleartext-transmission",
        """
 import requests

 requests.post(f"http://{host}/orders", json=data, timeout=5)
""",
        'requests.post(f"http://{host}/orders", json=data, timeout=5)',
        "requests.post",
    ),
    Case(
        "comment on the argument",
        "security/disabled-certificate-verification",
        """
 import requests

 requests.get(
     url,
     verify=False,  # for now
     timeout=5,
 )
""",
    ),
    Case(
        "function of everything imported",
        "security/weak-hash",
        """
 from hashlib import *

 signature = md5(data)
""",
        "md5(data)",
        "hashlib.md5",
    ),
    Case(
        "token without a key",
        "security/disabled-signature-verification",
        """
 import jwt

 claims = jwt.decode(token, options={"verify_signature": False})
""",
    ),
    Case(
        "cookie with given options",
        "security/insecure-cookie",
        """
 response.set_cookie("sid", value, **options)
""",
        'response.set_cookie("sid", value, **options)',
        "flask.Response.set_cookie",
    ),
    Case(
        "field of a context without a name",
        "security/disabled-certificate-verification",
        """
 import ssl

 make().check_hostname = False
""",
        "make().check_hostname = False",
        "check_hostname",
    ),
    Case(
        "three values compared",
        "security/timing-comparison",
        """
 def check(token, expected, other):
     return token == expected == other
""",
        "token == expected == other",
        "==",
    ),
    Case(
        "comparison that becomes SQL",
        "security/timing-comparison",
        """
 def find(session, token):
     return session.query(User).filter(User.active, User.token == token).one()
""",
        "User.token == token",
        "==",
    ),
    Case(
        "name of the module taken",
        "security/timing-comparison",
        """
 def check(token, hmac):
     return token == hmac
""",
    ),
    Case(
        "random function imported by name",
        "security/weak-random",
        """
 from random import choice

 def make_token():
     return "a" + choice("abc")
""",
    ),
    Case(
        "temporary name inside a call",
        "security/insecure-temporary-file",
        """
 import tempfile

 with open(tempfile.mktemp(), "w") as file:
     file.write("text")
""",
    ),
    Case(
        "mode that is computed",
        "security/file-permissions",
        """
 import os

 os.chmod(path, mode)
""",
        "os.chmod(path, mode)",
        "os.chmod",
    ),
    Case(
        "value used after the loop",
        "performance/repeated-compilation",
        """
 import re

 def find(lines):
     for line in lines:
         pattern = re.compile("a+b")
         print(pattern.findall(line))
     return pattern
""",
    ),
    Case(
        "value used before it is set",
        "performance/repeated-compilation",
        """
 import re

 def find(lines, pattern):
     for line in lines:
         print(pattern.findall(line))
         pattern = re.compile("a+b")
""",
    ),
    Case(
        "value with two definitions",
        "performance/repeated-compilation",
        """
 import re

 def find(lines):
     for line in lines:
         pattern = re.compile("a+b")
         if line:
             pattern = None
         print(pattern)
""",
    ),
    Case(
        "argument that the loop sets",
        "performance/repeated-compilation",
        """
 import re

 for word in words:
     pattern = re.compile(word)
     print(pattern)
""",
        "re.compile(word)",
        "re.compile",
    ),
    Case(
        "nothing else in the loop",
        "performance/repeated-compilation",
        """
 import re

 for word in words:
     pattern = re.compile("a+b")
""",
    ),
    Case(
        "list that the body changes",
        "performance/needless-materialization",
        """
 for value in list(values):
     values.remove(value)
""",
        "list(values)",
        "list",
    ),
    Case(
        "list that others may change meanwhile",
        "performance/needless-materialization",
        """
 clients = {}

 def close():
     for client in list(clients.values()):
         client.close()
""",
        "list(clients.values())",
        "list",
    ),
    Case(
        "list that a comprehension changes",
        "performance/needless-materialization",
        """
 def take(values):
     return {key: values.pop(key) for key in list(values)}
""",
        "list(values)",
        "list",
    ),
    Case(
        "list that a method of the object may change",
        "performance/needless-materialization",
        """
 class Box:
     def clear(self):
         for value in list(self.values):
             self.drop(value)
""",
        "list(self.values)",
        "list",
    ),
    Case(
        "count of more than one",
        "performance/count-for-existence",
        """
 if User.objects.filter(admin=True).count() > 1:
     print("more")
""",
    ),
    Case(
        "count of something else",
        "performance/count-for-existence",
        """
 if collection.count_documents({"a": 1}) > 0:
     print("some")
""",
    ),
    Case(
        "text that the loop reads",
        "performance/string-concatenation-in-loop",
        """
 def join(words):
     text = ""
     for word in words:
         text += word
         print(text)
     return text
""",
    ),
    Case(
        "text that a handler may read",
        "performance/string-concatenation-in-loop",
        """
 def join(words):
     text = ""
     try:
         for word in words:
             text += word
     except ValueError:
         pass
     return text
""",
    ),
    Case(
        "text that starts elsewhere",
        "performance/string-concatenation-in-loop",
        """
 def join(words, text: str):
     for word in words:
         text += word + ","
     return text
""",
        'text += word + ","',
        "+=",
    ),
    Case(
        "call in a function that is not async",
        "correctness/missing-await",
        """
 import asyncio

 def wait():
     asyncio.sleep(1)
""",
    ),
    Case(
        "default that remembers",
        "correctness/mutable-default-argument",
        """
 def find(key, _cache={}):
     if key not in _cache:
         _cache[key] = search(key)
     return _cache[key]
""",
    ),
    Case(
        "default of names",
        "correctness/mutable-default-argument",
        """
 def find(key, places=[HERE, THERE]):
     places.append(key)
     return places
""",
    ),
    Case(
        "function on one line",
        "correctness/mutable-default-argument",
        """
 def find(key, places=[]): return places
""",
    ),
)


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_candidate_is_mended(case: Case) -> None:
    check_case(case, BY_NAME["python"])


@pytest.mark.parametrize("case", LEFT_ALONE, ids=lambda case: case.name)
def test_shape_that_is_not_understood_is_left_alone(case: Case) -> None:
    assert case.before == case.after
    check_case(case, BY_NAME["python"])
