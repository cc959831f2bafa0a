# ruff: noqa: E501, PLR0917  # whole files; a case is read as a row
"""Fixes of Java: the file before and after, and what is left alone."""

import pytest

from graph_model.edits.testing import Case, check_case
from graph_model.languages import BY_NAME


def method(name: str, label: str, imports: str, signature: str, body: str, anchor: str = "", api: str = "") -> Case:
    """A case of one method: imports and body are diffs without the indentation of the class around them."""
    inside = "\n".join(f"{line[:1]}        {line[1:]}" if line else "" for line in body.strip("\n").split("\n"))
    head = imports.strip("\n")
    gap = "" if not head else "\n+\n" if all(line[0] == "+" for line in head.split("\n")) else "\n\n"
    return Case(name, label, f"{head}{gap} class Job {{\n     {signature} {{\n{inside}\n     }}\n }}\n", anchor, api)


MENDED = (
    Case(
        "prepared statement",
        "security/sql-injection",
        """
 package app;

 import java.sql.Connection;
 import java.sql.ResultSet;
-import java.sql.Statement;
+import java.sql.PreparedStatement;
 import javax.servlet.http.HttpServletRequest;

 class Users {
     void find(Connection connection, HttpServletRequest request) throws Exception {
         String name = request.getParameter("name");
-        Statement statement = connection.createStatement();
-        ResultSet rows = statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
+        PreparedStatement statement = connection.prepareStatement("SELECT * FROM users WHERE name = ?");
+        statement.setObject(1, name);
+        ResultSet rows = statement.executeQuery();
     }
 }
""",
    ),
    Case(
        "prepared statement beside another",
        "security/sql-injection",
        """
 package app;

 import java.sql.Connection;
+import java.sql.PreparedStatement;
 import java.sql.ResultSet;
 import java.sql.Statement;
 import javax.servlet.http.HttpServletRequest;

 class Users {
     void find(Connection connection, HttpServletRequest request) throws Exception {
         String name = request.getParameter("name");
-        Statement statement = connection.createStatement();
+        PreparedStatement statement = connection.prepareStatement("SELECT * FROM users WHERE name LIKE ?");
         Statement other = connection.createStatement();
         other.executeQuery("SELECT 1");
-        ResultSet rows = statement.executeQuery(String.format("SELECT * FROM users WHERE name LIKE '%%%s%%'", name));
+        statement.setObject(1, "%" + name + "%");
+        ResultSet rows = statement.executeQuery();
         statement.close();
     }
 }
""",
    ),
    method(
        "prepared statement among resources",
        "security/sql-injection",
        """
 import java.sql.Connection;
 import java.sql.ResultSet;
-import java.sql.Statement;
+import java.sql.PreparedStatement;
 import javax.servlet.http.HttpServletRequest;
""",
        "void run(Connection connection, HttpServletRequest request) throws Exception",
        """
-try (Statement statement = connection.createStatement()) {
-    ResultSet rows = statement.executeQuery("SELECT * FROM users WHERE name = '" + request.getParameter("name") + "'");
+try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM users WHERE name = ?")) {
+    statement.setObject(1, request.getParameter("name"));
+    ResultSet rows = statement.executeQuery();
 }
""",
    ),
    method(
        "value made after the statement",
        "security/sql-injection",
        """
 import java.sql.*;
 import javax.servlet.http.HttpServletRequest;
""",
        "void run(Connection connection, HttpServletRequest request) throws Exception",
        """
-Statement statement = connection.createStatement();
+PreparedStatement statement = connection.prepareStatement("DELETE FROM users WHERE name = ?");
 String name = request.getParameter("name");
-if (statement.execute("DELETE FROM users WHERE name = '" + name + "'")) {
+statement.setObject(1, name);
+if (statement.execute()) {
     return;
 }
""",
    ),
    method(
        "query in a variable",
        "security/sql-injection",
        """
 import java.sql.*;
 import javax.servlet.http.HttpServletRequest;
""",
        "void run(Connection connection, HttpServletRequest request) throws Exception",
        """
-String sql = "SELECT * FROM users WHERE name = '" + request.getParameter("name") + "'";
+String sql = "SELECT * FROM users WHERE name = ?";
 logger.info(sql);
-try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
+try (PreparedStatement statement = connection.prepareStatement(sql, ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
+    statement.setObject(1, request.getParameter("name"));
-    ResultSet rows = statement.executeQuery(sql);
+    ResultSet rows = statement.executeQuery();
 }
 sql = "SELECT 1";
 show(sql);
""",
    ),
    method(
        "jdbc template",
        "security/sql-injection",
        """
 import javax.servlet.http.HttpServletRequest;
 import org.springframework.jdbc.core.JdbcTemplate;
""",
        "void run(HttpServletRequest request, JdbcTemplate jdbcTemplate)",
        """
 String name = request.getParameter("name");
-jdbcTemplate.update("DELETE FROM users WHERE name = '" + name + "' AND age > " + request.getParameter("age"));
+jdbcTemplate.update("DELETE FROM users WHERE name = ? AND age > ?", name, request.getParameter("age"));
""",
    ),
    method(
        "entity manager",
        "security/sql-injection",
        """
 import javax.persistence.EntityManager;
 import javax.servlet.http.HttpServletRequest;
""",
        "Object run(HttpServletRequest request, EntityManager manager)",
        """
 String name = request.getParameter("name");
-return manager.createQuery("SELECT u FROM User u WHERE u.name = '" + name + "'", User.class).getResultList();
+return manager.createQuery("SELECT u FROM User u WHERE u.name = ?1", User.class).setParameter(1, name).getResultList();
""",
    ),
    method(
        "hash",
        "security/weak-hash",
        """
 import java.security.MessageDigest;
""",
        "void run() throws Exception",
        """
-MessageDigest signature = MessageDigest.getInstance("MD5");
+MessageDigest signature = MessageDigest.getInstance("SHA-256");
""",
    ),
    method(
        "hmac",
        "security/weak-hash",
        """
 import javax.crypto.Mac;
""",
        "void run() throws Exception",
        """
-Mac mac = Mac.getInstance("HmacSHA1");
+Mac mac = Mac.getInstance("HmacSHA256");
""",
    ),
    method(
        "signature",
        "security/weak-hash",
        """
 import java.security.Signature;
""",
        "void run() throws Exception",
        """
-Signature signature = Signature.getInstance("SHA1withRSA");
+Signature signature = Signature.getInstance("SHA256withRSA");
""",
    ),
    method(
        "host name verifier",
        "security/disabled-certificate-verification",
        """
 import java.net.URL;
 import javax.net.ssl.HttpsURLConnection;
""",
        "void run(URL url) throws Exception",
        """
 HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
-connection.setHostnameVerifier((name, session) -> true);
 connection.connect();
""",
    ),
    method(
        "host name verifier of a builder",
        "security/disabled-certificate-verification",
        """
 import org.apache.http.conn.ssl.NoopHostnameVerifier;
 import org.apache.http.impl.client.HttpClients;
""",
        "Object run()",
        """
-return HttpClients.custom().setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE).build();
+return HttpClients.custom().build();
""",
    ),
    method(
        "cookie builder",
        "security/insecure-cookie",
        """
 import org.springframework.http.ResponseCookie;
""",
        "Object run(String id)",
        """
-return ResponseCookie.from("session", id).httpOnly(true).build();
+return ResponseCookie.from("session", id).secure(true).httpOnly(true).build();
""",
        'ResponseCookie.from("session", id)',
        "org.springframework.http.ResponseCookie.from",
    ),
    method(
        "seed of a generator",
        "security/weak-random",
        """
 import java.security.SecureRandom;
""",
        "SecureRandom run()",
        """
-return new SecureRandom("fixed".getBytes());
+return new SecureRandom();
""",
    ),
    method(
        "xml stream",
        "security/xml-external-entity",
        """
 import java.io.InputStream;
 import javax.xml.stream.XMLInputFactory;
""",
        "void run(InputStream stream) throws Exception",
        """
 XMLInputFactory factory = XMLInputFactory.newInstance();
+factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
 factory.createXMLStreamReader(stream);
""",
    ),
    method(
        "pattern of a text",
        "performance/repeated-compilation",
        """
 import java.util.List;
+import java.util.regex.Pattern;
""",
        "void run(List<String> lines)",
        """
+Pattern pattern = Pattern.compile("[a-z]+-[0-9]+");
 for (String line : lines) {
-    if (line.trim().matches("[a-z]+-[0-9]+")) {
+    if (pattern.matcher(line.trim()).matches()) {
         show(line.replaceAll("-", "+"));
     }
 }
""",
    ),
    method(
        "text grown by an assignment",
        "performance/string-concatenation-in-loop",
        """
 package app;
""",
        "String run(int[] numbers)",
        """
-String text = "";
+StringBuilder textBuilder = new StringBuilder();
 for (int number : numbers) {
-    text = text + number + 1;
+    textBuilder.append(number).append(1);
 }
+String text = textBuilder.toString();
 return text;
""",
    ),
    method(
        "old versions",
        "security/weak-tls-version",
        """
 import javax.net.ssl.SSLSocket;
""",
        "void run(SSLSocket socket)",
        """
-socket.setEnabledProtocols(new String[] {"TLSv1", "TLSv1.1"});
+socket.setEnabledProtocols(new String[] {"TLSv1.2"});
""",
        'socket.setEnabledProtocols(new String[] {"TLSv1", "TLSv1.1"})',
        "javax.net.ssl.SSLSocket.setEnabledProtocols",
    ),
    method(
        "old version among others",
        "security/weak-tls-version",
        """
 import javax.net.ssl.SSLSocket;
""",
        "void run(SSLSocket socket)",
        """
-socket.setEnabledProtocols(new String[] {"TLSv1.1", "TLSv1.2", "TLSv1.3"});
+socket.setEnabledProtocols(new String[] {"TLSv1.2", "TLSv1.3"});
""",
        'socket.setEnabledProtocols(new String[] {"TLSv1.1", "TLSv1.2", "TLSv1.3"})',
        "javax.net.ssl.SSLSocket.setEnabledProtocols",
    ),
    method(
        "old versions among others",
        "security/weak-tls-version",
        """
 import javax.net.ssl.SSLSocket;
""",
        "void run(SSLSocket socket)",
        """
-socket.setEnabledProtocols(new String[] {"SSLv3", "TLSv1.2", "TLSv1"});
+socket.setEnabledProtocols(new String[] {"TLSv1.2"});
""",
        'socket.setEnabledProtocols(new String[] {"SSLv3", "TLSv1.2", "TLSv1"})',
        "javax.net.ssl.SSLSocket.setEnabledProtocols",
    ),
    method(
        "external entities",
        "security/xml-external-entity",
        """
 import javax.xml.parsers.SAXParserFactory;
""",
        "void run(SAXParserFactory factory) throws Exception",
        """
-factory.setFeature("http://xml.org/sax/features/external-general-entities", true);
+factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
""",
        'factory.setFeature("http://xml.org/sax/features/external-general-entities", true)',
        "javax.xml.parsers.SAXParserFactory.setFeature",
    ),
    method(
        "document types",
        "security/xml-external-entity",
        """
 import javax.xml.parsers.SAXParserFactory;
""",
        "void run(SAXParserFactory factory) throws Exception",
        """
-factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", false);
+factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
""",
        'factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", false)',
        "javax.xml.parsers.SAXParserFactory.setFeature",
    ),
    method(
        "ssh host key",
        "security/unverified-host-key",
        """
 import java.util.Properties;
""",
        "void run() throws Exception",
        """
 Properties config = new Properties();
-config.put("StrictHostKeyChecking", "no");
+config.put("StrictHostKeyChecking", "yes");
""",
    ),
    method(
        "old tls",
        "security/weak-tls-version",
        """
 import javax.net.ssl.SSLContext;
""",
        "void run() throws Exception",
        """
-SSLContext context = SSLContext.getInstance("TLSv1");
+SSLContext context = SSLContext.getInstance("TLSv1.2");
""",
    ),
    method(
        "secure cookie",
        "security/insecure-cookie",
        """
 import javax.servlet.http.Cookie;
 import javax.servlet.http.HttpServletResponse;
""",
        "void run(HttpServletResponse response, String value)",
        """
 Cookie cookie = new Cookie("sid", value);
+cookie.setSecure(true);
 response.addCookie(cookie);
""",
    ),
    method(
        "cookie flag",
        "security/insecure-cookie",
        """
 import javax.servlet.http.Cookie;
 import javax.servlet.http.HttpServletResponse;
""",
        "void run(HttpServletResponse response, String value)",
        """
 Cookie cookie = new Cookie("sid", value);
-cookie.setSecure(false);
+cookie.setSecure(true);
 response.addCookie(cookie);
""",
    ),
    method(
        "httponly cookie",
        "security/cookie-without-httponly",
        """
 import javax.servlet.http.Cookie;
 import javax.servlet.http.HttpServletResponse;
""",
        "void run(HttpServletResponse response, String value)",
        """
 Cookie cookie = new Cookie("sid", value); // for a day
+cookie.setHttpOnly(true);
 response.addCookie(cookie);
""",
    ),
    method(
        "constant time",
        "security/timing-comparison",
        """
+import java.nio.charset.StandardCharsets;
+import java.security.MessageDigest;
 import java.util.List;
""",
        "boolean run(String token, String expectedToken)",
        """
-return token.equals(expectedToken);
+return MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), expectedToken.getBytes(StandardCharsets.UTF_8));
""",
    ),
    method(
        "constant time of bytes",
        "security/timing-comparison",
        """
+import java.security.MessageDigest;
 import java.util.Arrays;
""",
        "boolean run(byte[] digest, byte[] expectedDigest)",
        """
-return Arrays.equals(digest, expectedDigest);
+return MessageDigest.isEqual(digest, expectedDigest);
""",
        "Arrays.equals(digest, expectedDigest)",
        "java.util.Arrays.equals",
    ),
    Case(
        "random field",
        "security/weak-random",
        """
 package app;

-import java.util.Random;
+import java.security.SecureRandom;

 class Job {
-    private static final Random RANDOM = new Random();
+    private static final SecureRandom RANDOM = new SecureRandom();

     int makeToken() {
         return RANDOM.nextInt(10000);
     }
 }
""",
    ),
    method(
        "random number",
        "security/weak-random",
        """
+import java.security.SecureRandom;
""",
        "void run() throws Exception",
        """
-double token = Math.random();
+double token = new SecureRandom().nextDouble();
""",
    ),
    method(
        "random variable",
        "security/weak-random",
        """
 import java.security.*;
 import java.util.Random;
""",
        "void run() throws Exception",
        """
-Random random = new Random();
+SecureRandom random = new SecureRandom();
 byte[] token = new byte[16];
 random.nextBytes(token);
""",
    ),
    method(
        "iterations",
        "security/weak-password-hash",
        """
 import javax.crypto.spec.PBEKeySpec;
""",
        "void run(char[] text, byte[] salt)",
        """
-PBEKeySpec spec = new PBEKeySpec(text, salt, 1000, 256);
+PBEKeySpec spec = new PBEKeySpec(text, salt, 600000, 256);
""",
    ),
    method(
        "key size",
        "security/short-key",
        """
 import java.security.KeyPairGenerator;
""",
        "void run() throws Exception",
        """
 KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
-generator.initialize(1024);
+generator.initialize(2048);
""",
    ),
    method(
        "temporary file",
        "security/insecure-temporary-file",
        """
 import java.io.File;
+import java.nio.file.Files;
""",
        "void run() throws Exception",
        """
-File file = File.createTempFile("a", ".txt");
+File file = Files.createTempFile("a", ".txt").toFile();
""",
    ),
    method(
        "file permissions",
        "security/file-permissions",
        """
 import java.nio.file.Files;
 import java.nio.file.attribute.PosixFilePermissions;
""",
        "void run() throws Exception",
        """
-Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
+Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-x---"));
""",
    ),
    method(
        "readable for everyone",
        "security/file-permissions",
        """
 import java.io.File;
""",
        "void run(File file)",
        """
-file.setReadable(true, false);
+file.setReadable(true, true);
""",
    ),
    method(
        "xml factory",
        "security/xml-external-entity",
        """
 import java.io.InputStream;
 import javax.xml.parsers.DocumentBuilderFactory;
""",
        "void run(InputStream stream) throws Exception",
        """
 DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
+factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
 factory.newDocumentBuilder().parse(stream);
""",
    ),
    method(
        "yaml",
        "security/unsafe-deserialization",
        """
+import org.yaml.snakeyaml.LoaderOptions;
 import org.yaml.snakeyaml.Yaml;
+import org.yaml.snakeyaml.constructor.SafeConstructor;
""",
        "void run(String text)",
        """
-Object found = new Yaml().load(text);
+Object found = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
""",
        "new Yaml()",
        "org.yaml.snakeyaml.Yaml",
    ),
    Case(
        "debug annotation",
        "security/debug-enabled",
        """
 package app;

 import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;

-@EnableWebSecurity(debug = true)
+@EnableWebSecurity(debug = false)
 class Security {
 }
""",
        "@EnableWebSecurity(debug = true)",
        "EnableWebSecurity",
    ),
    method(
        "pattern",
        "performance/repeated-compilation",
        """
 import java.util.List;
 import java.util.regex.Pattern;
""",
        "void run(List<String> lines)",
        """
+Pattern pattern = Pattern.compile("a+b");
 for (String line : lines) {
-    Pattern pattern = Pattern.compile("a+b");
     if (pattern.matcher(line).find()) {
         System.out.println(line);
     }
 }
""",
    ),
    method(
        "pattern in place",
        "performance/repeated-compilation",
        """
 import java.util.List;
 import java.util.regex.Pattern;
""",
        "void run(List<String> lines)",
        """
+Pattern pattern = Pattern.compile("a+b");
 for (String line : lines) {
-    System.out.println(Pattern.compile("a+b").matcher(line).find());
+    System.out.println(pattern.matcher(line).find());
 }
""",
    ),
    method(
        "copy of a list",
        "performance/needless-materialization",
        """
 import java.util.ArrayList;
 import java.util.List;
""",
        "void run(List<String> lines)",
        """
-for (String line : new ArrayList<>(lines)) {
+for (String line : lines) {
     System.out.println(line);
 }
""",
        "new ArrayList<>(lines)",
        "java.util.ArrayList",
    ),
    method(
        "count of a stream",
        "performance/count-for-existence",
        """
 import java.util.List;
""",
        "boolean run(List<String> lines)",
        """
-return lines.stream().filter(line -> line.isEmpty()).count() > 0;
+return lines.stream().filter(line -> line.isEmpty()).findAny().isPresent();
""",
    ),
    method(
        "growing text",
        "performance/string-concatenation-in-loop",
        """
 import java.util.List;
""",
        "String run(List<String> lines)",
        r"""
-String text = "";
+StringBuilder textBuilder = new StringBuilder();
 for (String line : lines) {
-    text += line + "\n";
+    textBuilder.append(line + "\n");
 }
+String text = textBuilder.toString();
 return text;
""",
    ),
)
LEFT_ALONE = (
    method(
        "statement that runs twice",
        "security/sql-injection",
        """
 import java.sql.Connection;
 import java.sql.Statement;
 import javax.servlet.http.HttpServletRequest;
""",
        "void run(Connection connection, HttpServletRequest request) throws Exception",
        """
 Statement statement = connection.createStatement();
 statement.executeUpdate("DELETE FROM users");
 statement.executeQuery("SELECT * FROM users WHERE name = '" + request.getParameter("name") + "'");
""",
    ),
    method(
        "statement and rows among the resources",
        "security/sql-injection",
        """
 import java.sql.Connection;
 import java.sql.Statement;
 import javax.servlet.http.HttpServletRequest;
""",
        "void run(Connection connection, HttpServletRequest request) throws Exception",
        """
 String name = request.getParameter("name");
 try (Statement statement = connection.createStatement();
         ResultSet rows = statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'")) {
     rows.next();
 }
""",
    ),
    method(
        "query made after the statement",
        "security/sql-injection",
        """
 import java.sql.*;
 import javax.servlet.http.HttpServletRequest;
""",
        "void run(Connection connection, HttpServletRequest request) throws Exception",
        """
 Statement statement = connection.createStatement();
 String sql = "SELECT * FROM users WHERE name = '" + request.getParameter("name") + "'";
 statement.executeQuery(sql);
""",
    ),
    method(
        "values of unknown type",
        "security/timing-comparison",
        "",
        "boolean run(Key token, Key expectedToken)",
        """
 return token.equals(expectedToken);
""",
    ),
    method(
        "generator with a seed",
        "security/weak-random",
        """
 import java.util.Random;
""",
        "int makeToken()",
        """
 Random random = new Random(42);
 return random.nextInt(10);
""",
    ),
    method(
        "generator from elsewhere",
        "security/weak-random",
        """
 import java.util.Random;
""",
        "int makeToken(Random random)",
        """
 return random.nextInt(10);
""",
    ),
    method(
        "cookie that is not kept",
        "security/insecure-cookie",
        """
 import javax.servlet.http.Cookie;
 import javax.servlet.http.HttpServletResponse;
""",
        "void run(HttpServletResponse response)",
        """
 response.addCookie(new Cookie("sid", "1"));
""",
    ),
    method(
        "factory that another method uses",
        "security/xml-external-entity",
        """
 import javax.xml.parsers.DocumentBuilderFactory;
""",
        "DocumentBuilderFactory run()",
        """
 DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
 return factory;
""",
    ),
    method(
        "factory whose exception is caught later",
        "security/xml-external-entity",
        """
 import javax.xml.parsers.DocumentBuilderFactory;
""",
        "Object run()",
        """
 DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
 try {
     return factory.newDocumentBuilder();
 } catch (Exception error) {
     return null;
 }
""",
    ),
    method(
        "verifier from elsewhere",
        "security/disabled-certificate-verification",
        """
 import javax.net.ssl.HostnameVerifier;
 import javax.net.ssl.HttpsURLConnection;
""",
        "void run(HttpsURLConnection connection, HostnameVerifier verifier)",
        """
 connection.setHostnameVerifier(verifier);
""",
        "connection.setHostnameVerifier(verifier)",
        "javax.net.ssl.HttpsURLConnection.setHostnameVerifier",
    ),
    method(
        "list that the body changes",
        "performance/needless-materialization",
        "",
        "void run(List<String> lines)",
        """
 for (String line : new ArrayList<>(lines)) {
     lines.remove(line);
 }
""",
        "new ArrayList<>(lines)",
        "java.util.ArrayList",
    ),
    method(
        "text that the loop reads",
        "performance/string-concatenation-in-loop",
        "",
        "String run(String[] lines)",
        """
 String text = "";
 for (String line : lines) {
     text += line;
     show(text);
 }
 return text;
""",
    ),
    method(
        "text that may be nothing",
        "performance/string-concatenation-in-loop",
        "",
        "String run(String[] lines)",
        """
 String text = null;
 for (String line : lines) {
     text += line;
 }
 return text;
""",
        "text += line",
        "+=",
    ),
)


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.name)
def test_candidate_is_mended(case: Case) -> None:
    check_case(case, BY_NAME["java"])


@pytest.mark.parametrize("case", LEFT_ALONE, ids=lambda case: case.name)
def test_shape_that_is_not_understood_is_left_alone(case: Case) -> None:
    assert case.before == case.after
    check_case(case, BY_NAME["java"])
