# ruff: noqa: E501, PLR0917  # whole files; a case is read as a row
"""Fixes of C#: the file before and after, and what is left alone."""

import pytest

from graph_model.edits.testing import Case, check_case
from graph_model.languages import BY_NAME


def method(name: str, label: str, imports: str, signature: str, body: str, anchor: str = "", api: str = "") -> Case:
    """A case of one method: imports and body are diffs without the indentation of the class around them."""
    inside = "\n".join(f"{line[:1]}        {line[1:]}" if line else "" for line in body.strip("\n").split("\n"))
    head = imports.strip("\n")
    gap = "" if not head else "\n+\n" if all(line[0] == "+" for line in head.split("\n")) else "\n\n"
    return Case(
        name, label, f"{head}{gap} class Job\n {{\n     {signature}\n     {{\n{inside}\n     }}\n }}\n", anchor, api
    )


MENDED = (
    Case(
        "command",
        "security/sql-injection",
        """
 using System.Data.SqlClient;
 using Microsoft.AspNetCore.Mvc;

 namespace App
 {
     [ApiController]
     public class Users : ControllerBase
     {
         [HttpGet]
         public IActionResult Find(string name, SqlConnection connection)
         {
-            var command = new SqlCommand("SELECT * FROM Users WHERE Name = '" + name + "'", connection);
+            var command = new SqlCommand("SELECT * FROM Users WHERE Name = @p0", connection);
+            command.Parameters.AddWithValue("@p0", name);
             return Ok(command.ExecuteScalar());
         }
     }
 }
""",
    ),
    Case(
        "command in a using",
        "security/sql-injection",
        """
 using System.Data.SqlClient;
 using Microsoft.AspNetCore.Mvc;

 namespace App
 {
     [ApiController]
     public class Users : ControllerBase
     {
         [HttpGet]
         public IActionResult Find(string name, SqlConnection connection)
         {
-            using (var command = new SqlCommand($"SELECT * FROM Users WHERE Name LIKE '%{name}%'", connection))
+            using (var command = new SqlCommand("SELECT * FROM Users WHERE Name LIKE @p0", connection))
             {
+                command.Parameters.AddWithValue("@p0", $"%{name}%");
                 return Ok(command.ExecuteScalar());
             }
         }
     }
 }
""",
    ),
    Case(
        "command text",
        "security/sql-injection",
        """
 using System.Data.SqlClient;
 using Microsoft.AspNetCore.Mvc;

 namespace App
 {
     [ApiController]
     public class Users : ControllerBase
     {
         [HttpGet]
         public IActionResult Find(string name, SqlConnection connection)
         {
             var command = connection.CreateCommand();
-            command.CommandText = string.Format("SELECT * FROM Users WHERE Name = '{0}'", name);
+            command.CommandText = "SELECT * FROM Users WHERE Name = @p0";
+            command.Parameters.AddWithValue("@p0", name);
             return Ok(command.ExecuteScalar());
         }
     }
 }
""",
    ),
    Case(
        "entity framework",
        "security/sql-injection",
        """
 using System.Data.SqlClient;
 using Microsoft.AspNetCore.Mvc;

 namespace App
 {
     [ApiController]
     public class Users : ControllerBase
     {
         [HttpGet]
         public IActionResult Find(string name, SqlConnection connection)
         {
-            return Ok(context.Users.FromSqlRaw($"SELECT * FROM Users WHERE Name = '{name}'"));
+            return Ok(context.Users.FromSqlInterpolated($"SELECT * FROM Users WHERE Name = {name}"));
         }
     }
 }
""",
    ),
    Case(
        "entity framework without interpolation",
        "security/sql-injection",
        """
 using System.Data.SqlClient;
 using Microsoft.AspNetCore.Mvc;

 namespace App
 {
     [ApiController]
     public class Users : ControllerBase
     {
         [HttpGet]
         public IActionResult Find(string name, SqlConnection connection)
         {
-            context.Database.ExecuteSqlRaw("DELETE FROM Users WHERE Name = '" + name + "'");
+            context.Database.ExecuteSqlRaw("DELETE FROM Users WHERE Name = {0}", name);
             return Ok();
         }
     }
 }
""",
    ),
    Case(
        "dapper",
        "security/sql-injection",
        """
 using System.Data;
 using Dapper;
 using Microsoft.AspNetCore.Mvc;

 namespace App
 {
     [ApiController]
     public class Users : ControllerBase
     {
         [HttpGet]
         public IActionResult Find(string name, IDbConnection connection)
         {
-            return Ok(connection.Query<User>("SELECT * FROM Users WHERE Name = '" + name + "'"));
+            return Ok(connection.Query<User>("SELECT * FROM Users WHERE Name = @p0", new { p0 = name }));
         }
     }
 }
""",
    ),
    method(
        "hash",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run(byte[] password)",
        """
-using (MD5 hash = MD5.Create())
+using (SHA256 hash = SHA256.Create())
 {
     hash.ComputeHash(password);
 }
""",
    ),
    method(
        "hash variable",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run(byte[] password)",
        """
-SHA1 hash = SHA1.Create();
+SHA256 hash = SHA256.Create();
 hash.ComputeHash(password);
""",
    ),
    method(
        "hash data",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public byte[] Run(byte[] password)",
        """
-return MD5.HashData(password);
+return SHA256.HashData(password);
""",
    ),
    method(
        "hash provider",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run()",
        """
-var signature = new MD5CryptoServiceProvider();
+var signature = SHA256.Create();
""",
    ),
    method(
        "hmac",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run(byte[] key)",
        """
-var mac = new HMACSHA1(key);
+var mac = new HMACSHA256(key);
""",
    ),
    method(
        "signed data",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public byte[] Run(RSA key, byte[] data)",
        """
-return key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);
+return key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
""",
        "key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1)",
        "System.Security.Cryptography.RSA.SignData",
    ),
    method(
        "hash by name",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run()",
        """
-var hash = HashAlgorithm.Create("MD5");
+var hash = HashAlgorithm.Create("SHA256");
""",
        'HashAlgorithm.Create("MD5")',
        "System.Security.Cryptography.HashAlgorithm.Create",
    ),
    method(
        "only callback",
        "security/disabled-certificate-verification",
        """
 using System.Net.Http;
""",
        "public void Run()",
        """
-var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (a, b, c, d) => true };
+var handler = new HttpClientHandler { };
""",
    ),
    method(
        "empty cookie options",
        "security/insecure-cookie",
        """
 using Microsoft.AspNetCore.Http;
""",
        "public void Run()",
        """
-var options = new CookieOptions { };
+var options = new CookieOptions { Secure = true };
""",
        "new CookieOptions { }",
        "Microsoft.AspNetCore.Http.CookieOptions",
    ),
    method(
        "certificate callback",
        "security/disabled-certificate-verification",
        """
 using System.Net.Http;
""",
        "public HttpClient Run()",
        """
 var handler = new HttpClientHandler();
-handler.ServerCertificateCustomValidationCallback = (message, certificate, chain, errors) => true;
 return new HttpClient(handler);
""",
    ),
    method(
        "certificate callback among properties",
        "security/disabled-certificate-verification",
        """
 using System.Net.Http;
""",
        "public void Run()",
        """
-var handler = new HttpClientHandler { UseProxy = false, ServerCertificateCustomValidationCallback = (a, b, c, d) => true };
+var handler = new HttpClientHandler { UseProxy = false };
""",
    ),
    method(
        "certificate revocation",
        "security/disabled-certificate-verification",
        """
 using System.Net.Http;
""",
        "public void Run()",
        """
-var handler = new HttpClientHandler { CheckCertificateRevocationList = false };
+var handler = new HttpClientHandler { CheckCertificateRevocationList = true };
""",
    ),
    method(
        "token signature",
        "security/disabled-signature-verification",
        """
 using Microsoft.IdentityModel.Tokens;
""",
        "public void Run()",
        """
-var given = new TokenValidationParameters { ValidateIssuerSigningKey = false };
+var given = new TokenValidationParameters { ValidateIssuerSigningKey = true };
""",
        "ValidateIssuerSigningKey = false",
        "ValidateIssuerSigningKey",
    ),
    method(
        "old tls",
        "security/weak-tls-version",
        """
 using System.Net;
""",
        "public void Run()",
        """
-ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls11 | SecurityProtocolType.Tls12;
+ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls12;
""",
    ),
    method(
        "only old tls",
        "security/weak-tls-version",
        """
 using System.Net;
""",
        "public void Run()",
        """
-ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls;
+ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls12;
""",
    ),
    method(
        "cookie options",
        "security/insecure-cookie",
        """
 using Microsoft.AspNetCore.Http;
""",
        "public void Run(string value)",
        """
-Response.Cookies.Append("a", value, new CookieOptions { HttpOnly = true });
+Response.Cookies.Append("a", value, new CookieOptions { HttpOnly = true, Secure = true });
""",
        "new CookieOptions { HttpOnly = true }",
        "Microsoft.AspNetCore.Http.CookieOptions",
    ),
    method(
        "cookie options without properties",
        "security/insecure-cookie",
        """
 using Microsoft.AspNetCore.Http;
""",
        "public void Run(string value)",
        """
-Response.Cookies.Append("a", value, new CookieOptions());
+Response.Cookies.Append("a", value, new CookieOptions { Secure = true });
""",
        "new CookieOptions()",
        "Microsoft.AspNetCore.Http.CookieOptions",
    ),
    method(
        "cookie flag",
        "security/cookie-without-httponly",
        """
 using Microsoft.AspNetCore.Http;
""",
        "public void Run()",
        """
-var options = new CookieOptions { Secure = true, HttpOnly = false };
+var options = new CookieOptions { Secure = true, HttpOnly = true };
""",
    ),
    method(
        "plain mail",
        "security/cleartext-transmission",
        """
 using System.Net.Mail;
""",
        "public void Run()",
        """
-var client = new SmtpClient("mail") { EnableSsl = false };
+var client = new SmtpClient("mail") { EnableSsl = true };
""",
    ),
    method(
        "types from text",
        "security/unsafe-deserialization",
        """
 using Newtonsoft.Json;
""",
        "public void Run()",
        """
-var settings = new JsonSerializerSettings { TypeNameHandling = TypeNameHandling.Auto };
+var settings = new JsonSerializerSettings { TypeNameHandling = TypeNameHandling.None };
""",
    ),
    method(
        "xml document types",
        "security/xml-external-entity",
        """
 using System.Xml;
""",
        "public void Run()",
        """
-var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Parse };
+var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit };
""",
    ),
    method(
        "xml resolver",
        "security/xml-external-entity",
        """
 using System.Xml;
""",
        "public void Run()",
        """
 var document = new XmlDocument();
-document.XmlResolver = new XmlUrlResolver();
+document.XmlResolver = null;
""",
    ),
    method(
        "constant time",
        "security/timing-comparison",
        """
 using System;
+using System.Security.Cryptography;
+using System.Text;
""",
        "public bool Run(string token, string expectedToken)",
        """
-return token == expectedToken;
+return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(expectedToken));
""",
    ),
    method(
        "not equal in constant time",
        "security/timing-comparison",
        """
+using System.Security.Cryptography;
+using System.Text;
""",
        "public bool Run(string token, string expectedToken)",
        """
-if (token != expectedToken) return false;
+if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(expectedToken))) return false;
 return true;
""",
    ),
    method(
        "constant time of bytes",
        "security/timing-comparison",
        """
 using System.Linq;
+using System.Security.Cryptography;
""",
        "public bool Run(byte[] digest, byte[] expectedDigest)",
        """
-return digest.SequenceEqual(expectedDigest);
+return CryptographicOperations.FixedTimeEquals(digest, expectedDigest);
""",
    ),
    method(
        "random token",
        "security/weak-random",
        """
 using System;
+using System.Security.Cryptography;
""",
        "public int MakeToken()",
        """
 var random = new Random();
-return random.Next(1000, 9999);
+return RandomNumberGenerator.GetInt32(1000, 9999);
""",
    ),
    method(
        "random bytes",
        "security/weak-random",
        """
 using System;
+using System.Security.Cryptography;
""",
        "public void Fill(byte[] token)",
        """
-new Random().NextBytes(token);
+RandomNumberGenerator.Fill(token);
""",
    ),
    method(
        "iterations",
        "security/weak-password-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run(string text, byte[] salt)",
        """
-var derived = new Rfc2898DeriveBytes(text, salt, 1000);
+var derived = new Rfc2898DeriveBytes(text, salt, 600000);
""",
    ),
    method(
        "key size",
        "security/short-key",
        """
 using System.Security.Cryptography;
""",
        "public void Run()",
        """
-var key = RSA.Create(1024);
+var key = RSA.Create(2048);
""",
    ),
    method(
        "file mode",
        "security/file-permissions",
        """
 using System.IO;
""",
        "public void Run(string path)",
        """
-File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
+File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
""",
    ),
    method(
        "pattern",
        "performance/repeated-compilation",
        """
 using System;
 using System.Text.RegularExpressions;
""",
        "public void Run(string[] lines)",
        """
+var pattern = new Regex("a+b");
 foreach (var line in lines)
 {
-    var pattern = new Regex("a+b");
     if (pattern.IsMatch(line)) Console.WriteLine(line);
 }
""",
    ),
    method(
        "pattern in place",
        "performance/repeated-compilation",
        """
 using System;
 using System.Text.RegularExpressions;
""",
        "public void Run(string[] lines)",
        """
+var regex = new Regex("a+b");
 foreach (var line in lines)
 {
-    Console.WriteLine(new Regex("a+b").IsMatch(line));
+    Console.WriteLine(regex.IsMatch(line));
 }
""",
    ),
    method(
        "list of a sequence",
        "performance/needless-materialization",
        """
 using System;
 using System.Linq;
""",
        "public void Run(IEnumerable<string> lines)",
        """
-foreach (var line in lines.ToList())
+foreach (var line in lines)
 {
     Console.WriteLine(line);
 }
""",
    ),
    method(
        "list before a filter",
        "performance/needless-materialization",
        """
 using System.Linq;
 using Microsoft.EntityFrameworkCore;
""",
        "public object Run(AppContext context)",
        """
-return context.Users.ToList().Where(user => user.Active);
+return context.Users.Where(user => user.Active);
""",
        "context.Users.ToList()",
        "System.Linq.Enumerable.ToList",
    ),
    method(
        "count",
        "performance/count-for-existence",
        """
 using System.Linq;
""",
        "public bool Run(IEnumerable<string> lines)",
        """
-return lines.Count(line => line.Length > 3) > 0;
+return lines.Any(line => line.Length > 3);
""",
    ),
    method(
        "no rows",
        "performance/count-for-existence",
        """
 using Microsoft.EntityFrameworkCore;
""",
        "public async Task Run(AppContext context)",
        """
-if (await context.Users.CountAsync() == 0) return;
+if (!await context.Users.AnyAsync()) return;
""",
    ),
    method(
        "growing text",
        "performance/string-concatenation-in-loop",
        """
 using System;
+using System.Text;
 using App.Data;
""",
        "public string Run(string[] lines)",
        """
-string text = "- ";
+var textBuilder = new StringBuilder("- ");
 foreach (var line in lines)
 {
-    text += line;
+    textBuilder.Append(line);
 }
+string text = textBuilder.ToString();
 return text;
""",
    ),
    method(
        "forgotten await",
        "correctness/missing-await",
        """
 using Microsoft.EntityFrameworkCore;
""",
        "public async Task Run(AppContext context)",
        """
-context.SaveChangesAsync();
+await context.SaveChangesAsync();
""",
    ),
)
LEFT_ALONE = (
    method(
        "hash in a field",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public void Run()",
        """
 this.signature = MD5.Create();
""",
    ),
    method(
        "hash that is returned",
        "security/weak-hash",
        """
 using System.Security.Cryptography;
""",
        "public MD5 Sign()",
        """
 return MD5.Create();
""",
    ),
    method(
        "options set later",
        "security/insecure-cookie",
        """
 using Microsoft.AspNetCore.Http;
""",
        "public void Run(bool secure)",
        """
 var options = new CookieOptions();
 options.Secure = secure;
""",
        "new CookieOptions()",
        "Microsoft.AspNetCore.Http.CookieOptions",
    ),
    method(
        "query with parameters",
        "security/sql-injection",
        "",
        "public object Run(string name)",
        """
 return context.Users.FromSqlRaw($"SELECT * FROM Users WHERE Name = '{name}' AND Age > {{0}}", age);
""",
        """context.Users.FromSqlRaw($"SELECT * FROM Users WHERE Name = '{name}' AND Age > {{0}}", age)""",
        "?.FromSqlRaw",
    ),
    method(
        "name of a table",
        "security/sql-injection",
        "",
        "public object Run(string table)",
        """
 return context.Users.FromSqlRaw($"SELECT * FROM {table}");
""",
        """context.Users.FromSqlRaw($"SELECT * FROM {table}")""",
        "?.FromSqlRaw",
    ),
    method(
        "command that is passed on",
        "security/sql-injection",
        "",
        "public void Run(string name)",
        """
 Execute(new SqlCommand($"SELECT * FROM Users WHERE Name = '{name}'"));
""",
        """new SqlCommand($"SELECT * FROM Users WHERE Name = '{name}'")""",
        "System.Data.SqlClient.SqlCommand",
    ),
    method(
        "values of unknown type",
        "security/timing-comparison",
        "",
        "public bool Run(Key token, Key expectedToken)",
        """
 return token == expectedToken;
""",
    ),
    method(
        "callback among arguments",
        "security/disabled-certificate-verification",
        "",
        "public void Run()",
        """
 Use(handler.ServerCertificateCustomValidationCallback = (a, b, c, d) => true);
""",
        "handler.ServerCertificateCustomValidationCallback = (a, b, c, d) => true",
        "ServerCertificateCustomValidationCallback",
    ),
    method(
        "random fraction",
        "security/weak-random",
        """
 using System;
""",
        "public double MakeToken()",
        """
 return new Random().NextDouble();
""",
    ),
    method(
        "list that the body changes",
        "performance/needless-materialization",
        "",
        "public void Run(List<string> lines)",
        """
 foreach (var line in lines.ToList())
 {
     lines.Remove(line);
 }
""",
        "lines.ToList()",
        "?.ToList",
    ),
    method(
        "list of rows",
        "performance/needless-materialization",
        """
 using Microsoft.EntityFrameworkCore;
""",
        "public void Run(AppContext context)",
        """
 foreach (var user in context.Users.ToList())
 {
     Show(user);
 }
""",
        "context.Users.ToList()",
        "System.Linq.IQueryable.ToList",
    ),
    method(
        "comparison that becomes SQL",
        "security/timing-comparison",
        "",
        "public object Run(string token)",
        """
 return context.Users.Where(user => user.Token == token);
""",
        "user.Token == token",
        "==",
    ),
    method(
        "list that is used as one",
        "performance/needless-materialization",
        "",
        "public void Run(IEnumerable<string> lines)",
        """
 lines.ToList().ForEach(Show);
""",
        "lines.ToList()",
        "?.ToList",
    ),
    method(
        "count of more than two",
        "performance/count-for-existence",
        "",
        "public bool Run(IEnumerable<string> lines)",
        """
 return lines.Count() > 2;
""",
        "lines.Count() > 2",
        "?.Count",
    ),
    method(
        "call in a method that is not async",
        "correctness/missing-await",
        """
 using Microsoft.EntityFrameworkCore;
""",
        "public void Run(AppContext context)",
        """
 context.SaveChangesAsync();
""",
    ),
)


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_candidate_is_mended(case: Case) -> None:
    check_case(case, BY_NAME["csharp"])


@pytest.mark.parametrize("case", LEFT_ALONE, ids=lambda case: case.name)
def test_shape_that_is_not_understood_is_left_alone(case: Case) -> None:
    assert case.before == case.after
    check_case(case, BY_NAME["csharp"])
