# ruff: noqa: E501  # whole files; a case is read as a row
"""Fixes of JavaScript and TypeScript: the file before and after, and what is left alone."""

import pytest

from graph_model.edits.testing import Case, check_case
from graph_model.languages import BY_NAME

MENDED = (
    Case(
        "query with a callback",
        "security/sql-injection",
        """
 const mysql = require('mysql');
 const db = mysql.createConnection({});

 function find(req, res) {
   const name = req.query.name;
-  db.query("SELECT * FROM users WHERE name = '" + name + "'", (error, rows) => res.json(rows));
+  db.query("SELECT * FROM users WHERE name = ?", [name], (error, rows) => res.json(rows));
 }
""",
    ),
    Case(
        "query template",
        "security/sql-injection",
        """
 const mysql = require('mysql');
 const db = mysql.createConnection({});

 function find(req, res) {
   const name = req.query.name;
-  db.query(`SELECT * FROM users WHERE name LIKE '%${name}%' AND age > ${req.query.age}`, done);
+  db.query(`SELECT * FROM users WHERE name LIKE ? AND age > ?`, [`%${name}%`, req.query.age], done);
 }
""",
    ),
    Case(
        "query variable with escapes",
        "security/sql-injection",
        r"""
 const mysql = require('mysql');
 const db = mysql.createConnection({});

 function find(req, res) {
   const name = req.query.name;
-  const sql = 'SELECT * FROM users WHERE name = \'' + name + '\' LIMIT 5';
+  const sql = 'SELECT * FROM users WHERE name = ? LIMIT 5';
-  db.query(sql, done);
+  db.query(sql, [name], done);
 }
""",
    ),
    Case(
        "numbered markers",
        "security/sql-injection",
        """
 const { Pool } = require('pg');
 const pool = new Pool();

 async function find(req, res) {
   const { name, age } = req.query;
-  const found = await pool.query(`SELECT * FROM users WHERE name = '${name}' AND age > ${age}`);
+  const found = await pool.query(`SELECT * FROM users WHERE name = $1 AND age > $2`, [name, age]);
   return found.rows;
 }
""",
    ),
    Case(
        "tagged template",
        "security/sql-injection",
        """
 import { PrismaClient } from '@prisma/client';

 const prisma = new PrismaClient();

 export async function find(req: Request) {
-  return prisma.$queryRawUnsafe(`SELECT * FROM users WHERE name = '${req.query.name}'`);
+  return prisma.$queryRaw`SELECT * FROM users WHERE name = ${req.query.name}`;
 }
""",
        "prisma.$queryRawUnsafe(`SELECT * FROM users WHERE name = '${req.query.name}'`)",
        "@prisma/client.PrismaClient.$queryRawUnsafe",
    ),
    Case(
        "cookie header",
        "security/cookie-without-httponly",
        """
 const http = require('http');
 http.createServer((req, res) => {
-  res.setHeader('Set-Cookie', 'a=1; Secure');
+  res.setHeader('Set-Cookie', 'a=1; Secure; HttpOnly');
   res.end();
 });
""",
    ),
    Case(
        "cookie with a comment",
        "security/insecure-cookie",
        """
 const express = require('express');
 const app = express();
 app.get('/', (req, res) => {
-  res.cookie('sid', '1', { httpOnly: true, maxAge: 7 /* days */ });
+  res.cookie('sid', '1', { httpOnly: true, maxAge: 7 /* days */, secure: true });
   res.end();
 });
""",
    ),
    Case(
        "hash",
        "security/weak-hash",
        """
 const crypto = require('crypto');

-const sign = (data) => crypto.createHash('md5').update(data).digest('hex');
+const sign = (data) => crypto.createHash('sha256').update(data).digest('hex');
""",
    ),
    Case(
        "hmac",
        "security/weak-hash",
        """
 import { createHmac } from 'crypto';

-export const sign = (key: string, data: string): string => createHmac("sha1", key).update(data).digest("hex");
+export const sign = (key: string, data: string): string => createHmac("sha256", key).update(data).digest("hex");
""",
    ),
    Case(
        "rejected certificates",
        "security/disabled-certificate-verification",
        """
 const https = require('https');

-const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
+const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: true });
""",
    ),
    Case(
        "environment switch",
        "security/disabled-certificate-verification",
        """
-process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
+process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1';
""",
    ),
    Case(
        "token lifetime",
        "security/disabled-signature-verification",
        """
 const jwt = require('jsonwebtoken');

-const claims = (token, key) => jwt.verify(token, key, { ignoreExpiration: true });
+const claims = (token, key) => jwt.verify(token, key, { ignoreExpiration: false });
""",
        "ignoreExpiration: true",
        "ignoreExpiration",
    ),
    Case(
        "old tls",
        "security/weak-tls-version",
        """
 const https = require('https');

-https.createServer({ minVersion: 'TLSv1' });
+https.createServer({ minVersion: 'TLSv1.2' });
""",
    ),
    Case(
        "old tls method",
        "security/weak-tls-version",
        """
 const https = require('https');

-https.createServer({ secureProtocol: 'TLSv1_server_method' });
+https.createServer({ secureProtocol: 'TLSv1_2_server_method' });
""",
    ),
    Case(
        "cookie without options",
        "security/insecure-cookie",
        """
 const express = require('express');
 const app = express();
 app.get('/', (req, res) => {
-  res.cookie('sid', '1');
+  res.cookie('sid', '1', { secure: true });
   res.end();
 });
""",
    ),
    Case(
        "cookie with options",
        "security/insecure-cookie",
        """
 const express = require('express');
 const app = express();
 app.get('/', (req, res) => {
-  res.cookie('sid', '1', { httpOnly: true });
+  res.cookie('sid', '1', { httpOnly: true, secure: true });
   res.end();
 });
""",
    ),
    Case(
        "cookie with options over lines",
        "security/cookie-without-httponly",
        """
 const express = require('express');
 const app = express();
 app.get('/', (req, res) => {
   res.cookie('sid', '1', {
     secure: true,
     maxAge: 10, // seconds
+    httpOnly: true,
   });
   res.end();
 });
""",
    ),
    Case(
        "cookie with empty options",
        "security/insecure-cookie",
        """
 const express = require('express');
 const app = express();
 app.get('/', (req, res) => {
-  res.cookie('sid', '1', {});
+  res.cookie('sid', '1', { secure: true });
   res.end();
 });
""",
        "res.cookie('sid', '1', {})",
        "express.Response.cookie",
    ),
    Case(
        "signature",
        "security/weak-hash",
        """
 const crypto = require('crypto');

-const signer = crypto.createSign('RSA-SHA1');
+const signer = crypto.createSign('RSA-SHA256');
""",
        "crypto.createSign('RSA-SHA1')",
        "crypto.createSign",
    ),
    Case(
        "pseudo random bytes",
        "security/weak-random",
        """
 const crypto = require('crypto');

-const token = crypto.pseudoRandomBytes(16);
+const token = crypto.randomBytes(16);
""",
    ),
    Case(
        "session cookie",
        "security/insecure-cookie",
        """
 const express = require('express');
 const session = require('express-session');
 const app = express();
-app.use(session({ secret: process.env.SECRET, cookie: { secure: false, httpOnly: true } }));
+app.use(session({ secret: process.env.SECRET, cookie: { secure: true, httpOnly: true } }));
""",
    ),
    Case(
        "constant time",
        "security/timing-comparison",
        """
 'use strict';

 const http = require("http");
+const crypto = require("crypto");

 function check(req, token) {
-  return req.headers.token === token;
+  return typeof req.headers.token === 'string' && Buffer.byteLength(req.headers.token) === Buffer.byteLength(token) && crypto.timingSafeEqual(Buffer.from(req.headers.token), Buffer.from(token));
 }
""",
    ),
    Case(
        "digest in constant time",
        "security/timing-comparison",
        """
 import * as crypto from 'crypto';

 export function check(key: string, body: string, signature: string): boolean {
-  if (crypto.createHmac('sha256', key).update(body).digest('hex') !== signature) {
+  if (!crypto.timingSafeEqual(crypto.createHash('sha256').update(crypto.createHmac('sha256', key).update(body).digest('hex')).digest(), crypto.createHash('sha256').update(signature).digest())) {
     return false;
   }
   return true;
 }
""",
    ),
    Case(
        "constant time in a module",
        "security/timing-comparison",
        """
 import express from 'express';
 import { load } from './keys.js';
+import * as crypto from 'crypto';

-export const check = (token, expectedToken) => Boolean(token == expectedToken || load());
+export const check = (token, expectedToken) => Boolean((Buffer.byteLength(token) === Buffer.byteLength(expectedToken) && crypto.timingSafeEqual(Buffer.from(token), Buffer.from(expectedToken))) || load());
""",
    ),
    Case(
        "random number",
        "security/weak-random",
        """
 const express = require('express');
+const crypto = require('crypto');

 function makeToken(alphabet) {
-  return 'a' + alphabet[Math.floor(Math.random() * alphabet.length)];
+  return 'a' + alphabet[crypto.randomInt(alphabet.length)];
 }
""",
    ),
    Case(
        "random text",
        "security/weak-random",
        """
 const crypto = require('node:crypto');

-const token = Math.random().toString(36).slice(2);
+const token = crypto.randomBytes(16).toString('hex');
""",
    ),
    Case(
        "key size",
        "security/short-key",
        """
 const crypto = require('crypto');

-const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });
+const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
""",
    ),
    Case(
        "iterations",
        "security/weak-password-hash",
        """
 const crypto = require('crypto');

-const derive = (text, salt) => crypto.pbkdf2Sync(text, salt, 1000, 64, 'sha512');
+const derive = (text, salt) => crypto.pbkdf2Sync(text, salt, 600000, 64, 'sha512');
""",
    ),
    Case(
        "file mode",
        "security/file-permissions",
        """
 const fs = require('fs');

-fs.chmodSync(path, 0o777);
+fs.chmodSync(path, 0o750);
""",
    ),
    Case(
        "file mode as text",
        "security/file-permissions",
        """
 const fs = require('fs');

-fs.chmodSync(path, '0666');
+fs.chmodSync(path, '0640');
""",
    ),
    Case(
        "mode option",
        "security/file-permissions",
        """
 const fs = require('fs');

-fs.writeFileSync(path, text, { mode: 0o666 });
+fs.writeFileSync(path, text, { mode: 0o640 });
""",
    ),
    Case(
        "text content",
        "security/dom-cross-site-scripting",
        """
 const found = document.getElementById('name');
-found.innerHTML = location.hash;
+found.textContent = location.hash;
""",
    ),
    Case(
        "value of an input",
        "security/dom-cross-site-scripting",
        """
 const input = document.getElementById('name') as HTMLInputElement;
 input.addEventListener('input', () => {
   const shown = `Hello ${input.value}!`;
-  document.getElementById('greeting').innerHTML = shown;
+  document.getElementById('greeting').textContent = shown;
 });
""",
        "document.getElementById('greeting').innerHTML",
        "Element.innerHTML",
    ),
    Case(
        "markup of jQuery",
        "security/dom-cross-site-scripting",
        """
-$('#name').html(window.location.hash);
+$('#name').text(window.location.hash);
""",
    ),
    Case(
        "pattern",
        "performance/repeated-compilation",
        """
 function find(lines, word) {
   const found = [];
+  const pattern = new RegExp(word, 'i');
   for (const line of lines) {
-    const pattern = new RegExp(word, 'i');
     if (pattern.test(line)) {
       found.push(line);
     }
   }
   return found;
 }
""",
    ),
    Case(
        "pattern in place",
        "performance/repeated-compilation",
        """
 export function find(lines: string[]): string[] {
   const found: string[] = [];
+  const regex = new RegExp("a+b");
   for (const line of lines) {
-    if (new RegExp("a+b").test(line)) {
+    if (regex.test(line)) {
       found.push(line);
     }
   }
   return found;
 }
""",
    ),
    Case(
        "copy of an iterable",
        "performance/needless-materialization",
        """
 function show(values) {
-  for (const value of Array.from(values)) {
+  for (const value of values) {
     console.log(value);
   }
 }
""",
    ),
    Case(
        "forgotten await",
        "correctness/missing-await",
        """
 import { writeFile } from 'fs/promises';

 export async function save(path: string, text: string): Promise<void> {
-  writeFile(path, text);
+  await writeFile(path, text);
 }
""",
    ),
)
LEFT_ALONE = (
    Case(
        "options that are spread",
        "security/insecure-cookie",
        """
 res.cookie('sid', '1', { ...options, httpOnly: true });
""",
        "res.cookie('sid', '1', { ...options, httpOnly: true })",
        "express.Response.cookie",
    ),
    Case(
        "options in a variable",
        "security/insecure-cookie",
        """
 res.cookie('sid', '1', options);
""",
        "res.cookie('sid', '1', options)",
        "express.Response.cookie",
    ),
    Case(
        "query with parameters",
        "security/sql-injection",
        """
 const mysql = require('mysql');
 db.query(`SELECT * FROM users WHERE name = '${name}' AND age > ?`, [age]);
""",
        "db.query(`SELECT * FROM users WHERE name = '${name}' AND age > ?`, [age])",
        "mysql.Connection.query",
    ),
    Case(
        "query of a name",
        "security/sql-injection",
        """
 const mysql = require('mysql');
 db.query(`SELECT * FROM ${table}`);
""",
        "db.query(`SELECT * FROM ${table}`)",
        "mysql.Connection.query",
    ),
    Case(
        "name of the module taken",
        "security/timing-comparison",
        """
 const http = require('http');

 function check(token, expectedToken, crypto) {
   return token === expectedToken;
 }
""",
    ),
    Case(
        "random fraction",
        "security/weak-random",
        """
 const crypto = require('crypto');
 const token = Math.random();
""",
    ),
    Case(
        "random number below something unknown",
        "security/weak-random",
        """
 const crypto = require('crypto');
 const token = Math.floor(Math.random() * limit);
""",
    ),
    Case(
        "pattern that keeps its position",
        "performance/repeated-compilation",
        """
 function find(lines) {
   for (const line of lines) {
     const pattern = new RegExp('a+b', 'g');
     console.log(pattern.exec(line));
   }
 }
""",
    ),
    Case(
        "pattern of something that changes",
        "performance/repeated-compilation",
        """
 for (const word of words) {
   const pattern = new RegExp(word);
   console.log(pattern);
 }
""",
        "new RegExp(word)",
        "RegExp",
    ),
    Case(
        "loop without braces",
        "performance/repeated-compilation",
        """
 for (const line of lines) show(new RegExp("a+b", "y").test(line));
""",
        'new RegExp("a+b", "y")',
        "RegExp",
    ),
    Case(
        "markup",
        "security/dom-cross-site-scripting",
        """
 const found = document.getElementById('name');
 found.innerHTML = '<b>' + location.hash + '</b>';
""",
    ),
    Case(
        "markup in a variable",
        "security/dom-cross-site-scripting",
        """
 const found = document.getElementById('name');
 const shown = `<b>${location.hash}</b>`;
 found.innerHTML = shown;
""",
    ),
    Case(
        "value of unknown kind",
        "security/dom-cross-site-scripting",
        """
 export function show(content) {
   document.getElementById('name').innerHTML = content;
 }
""",
        "document.getElementById('name').innerHTML",
        "Element.innerHTML",
    ),
    Case(
        "result of a highlighter",
        "security/dom-cross-site-scripting",
        """
 const result = highlight(text);
 element.innerHTML = result.value;
""",
        "element.innerHTML",
        "Element.innerHTML",
    ),
    Case(
        "copy with a mapping",
        "performance/needless-materialization",
        """
 for (const value of Array.from(values, (x) => x + 1)) {
   console.log(value);
 }
""",
        "Array.from(values, (x) => x + 1)",
        "Array.from",
    ),
    Case(
        "call in a function that is not async",
        "correctness/missing-await",
        """
 function save() {
   fetch('/save');
 }
""",
        "fetch('/save')",
        "fetch",
    ),
)


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_candidate_is_mended(case: Case) -> None:
    check_case(case, BY_NAME["typescript"])


@pytest.mark.parametrize("case", LEFT_ALONE, ids=lambda case: case.name)
def test_shape_that_is_not_understood_is_left_alone(case: Case) -> None:
    assert case.before == case.after
    check_case(case, BY_NAME["typescript"])
