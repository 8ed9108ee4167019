package dev.faultline.postgres;

import java.io.Serializable;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;

/**
 * The address of PostgreSQL and the login. Executors get it inside a serialized writer only.
 * {@link #toString()} never shows the password.
 */
public final class PostgresAddress implements Serializable {
  private final String host;
  private final int port;
  private final String database;
  private final String user;
  private final String password;

  /** @param password null if the server asks for none */
  public PostgresAddress(String host, int port, String database, String user, String password) {
    this.host = host;
    this.port = port;
    this.database = database;
    this.user = user;
    this.password = password;
  }

  /**
   * Reads {@code POSTGRES_HOST}, {@code _PORT} (default 5432), {@code _DB}, {@code _USER} and {@code _PASSWORD}.
   *
   * @throws SinkConfigurationException if a variable is missing or the port is not a number
   */
  public static PostgresAddress fromEnvironment(Map<String, String> environment) {
    String port = environment.getOrDefault("POSTGRES_PORT", "5432");
    if (!port.matches("\\d{1,5}")) {
      throw new SinkConfigurationException("POSTGRES_PORT is not a port number: " + port);
    }
    return new PostgresAddress(required(environment, "POSTGRES_HOST"), Integer.parseInt(port),
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
   * Opens a connection with autocommit off.
   *
   * @param applicationName seen in {@code pg_stat_activity}; at most 63 bytes
   * @throws SQLException as pgjdbc raises it
   */
  Connection connect(String applicationName, SinkTimeouts timeouts) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", applicationName);
    properties.setProperty("connectTimeout", seconds(timeouts.connectTimeoutMs()));
    properties.setProperty("loginTimeout", seconds(timeouts.connectTimeoutMs()));
    properties.setProperty("socketTimeout", seconds(timeouts.socketTimeoutMs()));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("prepareThreshold", "1");
    // The server frees a lock by itself if this process is frozen or its host is gone.
    properties.setProperty("options", "-c lock_timeout=" + timeouts.lockTimeoutMs()
        + " -c idle_in_transaction_session_timeout=" + timeouts.socketTimeoutMs()
        + " -c tcp_user_timeout=" + timeouts.socketTimeoutMs());
    Connection connection =
        DriverManager.getConnection("jdbc:postgresql://" + host + ":" + port + "/" + database, properties);
    connection.setAutoCommit(false);
    return connection;
  }

  private static String seconds(int ms) {
    return Integer.toString(Math.max(1, (ms + 999) / 1000));
  }

  @Override
  public String toString() {
    return "postgresql://" + user + ":***@" + host + ":" + port + "/" + database;
  }
}
