package dev.faultline.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** One real PostgreSQL 18 for all tests; a database of its own for each. */
final class Database implements AutoCloseable {
  private static final EmbeddedPostgres SERVER = start();
  private static final AtomicInteger COUNT = new AtomicInteger();

  final String name;
  private final int port;
  private final Connection connection;

  Database() throws SQLException {
    this("test_" + COUNT.incrementAndGet(), port());
    execute(initSql());
  }

  private Database(String name, int port) throws SQLException {
    this.name = name;
    this.port = port;
    if (port == port()) {
      create();
    }
    connection = open();
  }

  /** The database "postgres" of another server. */
  static Database on(int port) throws SQLException {
    return new Database("postgres", port);
  }

  private void create() throws SQLException {
    try (Connection postgres = SERVER.getPostgresDatabase().getConnection(); Statement statement = postgres.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    }
  }

  private static EmbeddedPostgres start() {
    try {
      EmbeddedPostgres server = EmbeddedPostgres.builder().setServerConfig("max_connections", "200")
          .setServerConfig("fsync", "off").start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        try {
          server.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String initSql() {
    try {
      return Files.readString(Path.of(System.getProperty("faultline.initSql")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int port() {
    return SERVER.getPort();
  }

  PostgresAddress address() {
    return address(port);
  }

  PostgresAddress address(int port) {
    return address("localhost:" + port);
  }

  PostgresAddress address(String hosts) {
    return new PostgresAddress(hosts, port, name, "postgres", "postgres");
  }

  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Each row's columns joined by '|'; null is '~'. */
  List<String> rows(String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(sql)) {
      int columns = row.getMetaData().getColumnCount();
      while (row.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          String value = row.getString(i);
          values.add(value == null ? "~" : value);
        }
        rows.add(String.join("|", values));
      }
    }
    return rows;
  }

  String one(String sql) throws SQLException {
    return rows(sql).get(0);
  }

  Connection open() throws SQLException {
    return DriverManager.getConnection("jdbc:postgresql://localhost:" + port + "/" + name, "postgres", "postgres");
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
