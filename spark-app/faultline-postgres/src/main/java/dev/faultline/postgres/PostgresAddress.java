package dev.faultline.postgres;

import java.io.Serializable;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * The address of PostgreSQL and the login. It may have several servers of one database: each connection goes to the primary. Executors get it inside a serialized writer only.
 * {@link #toString()} never shows the password.
 */
public final class PostgresAddress implements Serializable {
  private final List<PostgresHost> hosts;
  private final String database;
  private final String user;
  private final String password;

  /**
   * @param host one server, or several as {@code host[:port],host[:port]}
   * @param port of the hosts without one
   * @param password null if the server asks for none
   * @throws SinkConfigurationException if {@code host} is not such a list
   */
  public PostgresAddress(String host, int port, String database, String user, String password) {
    this(PostgresHost.parse(host, port, "host"), database, user, password);
  }

  private PostgresAddress(List<PostgresHost> hosts, String database, String user, String password) {
    this.hosts = hosts;
    this.database = database;
    this.user = user;
    this.password = password;
  }

  /**
   * Reads {@code POSTGRES_HOST} (one server or several), {@code _PORT} (default 5432), {@code _DB}, {@code _USER} and {@code _PASSWORD}.
   *
   * @throws SinkConfigurationException if a variable is missing or wrong
   */
  public static PostgresAddress fromEnvironment(Map<String, String> environment) {
    String port = environment.getOrDefault("POSTGRES_PORT", "5432");
    if (!port.matches("\\d{1,5}")) {
      throw new SinkConfigurationException("POSTGRES_PORT is not a port number: " + port);
    }
    return new PostgresAddress(PostgresHost.parse(required(environment, "POSTGRES_HOST"), Integer.parseInt(port), "POSTGRES_HOST"),
        required(environment, "POSTGRES_DB"), required(environment, "POSTGRES_USER"),
        environment.get("POSTGRES_PASSWORD"));
  }

  private static String required(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new SinkConfigurationException("environment variable " + name + " is not set");
    }
    return value;
  }

  /**
   * Opens a connection with autocommit off, to the primary if there are several servers.
   *
   * @param applicationName seen in {@code pg_stat_activity}; at most 63 bytes
   * @throws SQLException as pgjdbc raises it, or because no server is the primary
   */
  Connection connect(String applicationName, SinkTimeouts timeouts) throws SQLException {
    return connect(applicationName, timeouts, "");
  }

  /** @param settings for the session, as {@code -c name=value} */
  Connection connect(String applicationName, SinkTimeouts timeouts, String settings) throws SQLException {
    if (hosts.size() == 1) {
      return connectTo(hosts.get(0), applicationName, timeouts, timeouts.connectTimeoutMs(), settings);
    }
    int connectTimeoutMs = Math.min(timeouts.connectTimeoutMs(), PrimarySearch.ASK_MS);
    return PrimarySearch.connect(hosts, host -> connectTo(host, applicationName, timeouts, connectTimeoutMs, settings));
  }

  private Connection connectTo(PostgresHost host, String applicationName, SinkTimeouts timeouts, int connectTimeoutMs, String settings)
      throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", applicationName);
    properties.setProperty("connectTimeout", seconds(connectTimeoutMs));
    properties.setProperty("loginTimeout", seconds(connectTimeoutMs));
    properties.setProperty("socketTimeout", seconds(timeouts.socketTimeoutMs()));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("prepareThreshold", "1");
    // The server frees a lock by itself if this process is frozen or its host is gone.
    properties.setProperty("options", "-c lock_timeout=" + timeouts.lockTimeoutMs()
        + " -c idle_in_transaction_session_timeout=" + timeouts.socketTimeoutMs()
        + " -c tcp_user_timeout=" + timeouts.socketTimeoutMs() + settings);
    Connection connection =
        DriverManager.getConnection("jdbc:postgresql://" + host + "/" + database, properties);
    connection.setAutoCommit(false);
    return connection;
  }

  private static String seconds(int ms) {
    return Integer.toString(Math.max(1, (ms + 999) / 1000));
  }

  @Override
  public String toString() {
    return "postgresql://" + user + ":***@" + PostgresHost.list(hosts) + "/" + database;
  }
}
