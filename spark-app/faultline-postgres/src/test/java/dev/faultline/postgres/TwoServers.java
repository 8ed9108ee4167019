package dev.faultline.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A primary and, once it was copied, a hot standby; real servers of their own. */
final class TwoServers implements AutoCloseable {
  private final Path folder;
  final int primaryPort = freePort();
  final int standbyPort = freePort();
  private EmbeddedPostgres primary;
  private EmbeddedPostgres standby;

  TwoServers(Path folder) throws IOException {
    this.folder = folder;
    startPrimary();
  }

  void startPrimary() throws IOException {
    primary = server("a", primaryPort).start();
  }

  private EmbeddedPostgres.Builder server(String name, int port) {
    return EmbeddedPostgres.builder().setDataDirectory(folder.resolve(name)).setCleanDataDirectory(false).setPort(port)
        .setServerConfig("fsync", "off").setServerConfig("max_connections", "50").setServerConfig("wal_writer_delay", "10s")
        .setServerConfig("synchronous_commit", "on");
  }

  /** Starts the standby from a copy of the primary as it is now. @param streams whether it follows the primary from here on */
  void copy(boolean streams) throws IOException, SQLException, InterruptedException {
    Path from = folder.resolve("a");
    Path to = folder.resolve("b");
    try (Connection connection = connection(primaryPort); Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_backup_start('copy', true)");
      run("cp", "-a", from.toString(), to.toString());
      try (ResultSet row = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
        row.next();
        Files.writeString(to.resolve("backup_label"), row.getString(1));
      }
      run("cp", "-a", from.resolve("pg_wal") + "/.", to.resolve("pg_wal").toString());
    }
    Files.deleteIfExists(to.resolve("postmaster.pid"));
    Files.writeString(to.resolve("standby.signal"), "");
    EmbeddedPostgres.Builder builder = server("b", standbyPort);
    if (streams) {
      Files.writeString(to.resolve("postgresql.auto.conf"),
          "primary_conninfo = 'host=localhost port=" + primaryPort + " user=postgres password=postgres'\n");
    }
    standby = builder.start();
  }

  static Connection connection(int port) throws SQLException {
    return DriverManager.getConnection("jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "postgres");
  }

  static void run(String... command) throws IOException, InterruptedException {
    // the server may remove a file meanwhile, which is allowed during a backup
    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
  }

  /** As a crash of the server does: what it has not written is lost. */
  void crashPrimary() throws IOException, InterruptedException {
    String pid = Files.readAllLines(folder.resolve("a/postmaster.pid")).get(0);
    run("kill", "-QUIT", pid);
    ProcessHandle.of(Long.parseLong(pid)).ifPresent(server -> server.onExit().join());
    // frees its lock of the folder
    primary.close();
  }

  void stopPrimary() throws IOException {
    primary.close();
  }

  void promote() throws SQLException {
    try (Connection connection = connection(standbyPort); Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_promote()");
    }
  }

  PostgresAddress address() {
    return new PostgresAddress("localhost:" + primaryPort + ",localhost:" + standbyPort, 5432, "postgres", "postgres", "postgres");
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      primary.close();
    } finally {
      if (standby != null) {
        standby.close();
      }
    }
  }
}
