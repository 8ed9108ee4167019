package dev.faultline.postgres;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** One server of a database. The name has no brackets. */
record PostgresHost(String name, int port) implements Serializable {
  private static final Pattern ONE = Pattern.compile("(?:\\[([^\\]\\[,\\s]+)\\]|([^\\]\\[:,\\s]+))(?::(\\d{1,5}))?");

  /**
   * Parses {@code host[:port],host[:port]}, with IPv6 addresses in brackets.
   *
   * @param source names the field in errors
   * @param defaultPort of the hosts without one
   */
  static List<PostgresHost> parse(String text, int defaultPort, String source) {
    List<PostgresHost> hosts = new ArrayList<>();
    for (String one : text.split(",", -1)) {
      Matcher parts = ONE.matcher(one);
      if (!parts.matches()) {
        throw new SinkConfigurationException(source + " must be host[:port],host[:port],... with IPv6 addresses in brackets, not " + text);
      }
      int port = parts.group(3) == null ? defaultPort : Integer.parseInt(parts.group(3));
      if (port < 1 || port > 65_535) {
        throw new SinkConfigurationException(source + " must have ports from 1 to 65535, not " + text);
      }
      PostgresHost host = new PostgresHost(parts.group(1) == null ? parts.group(2) : parts.group(1), port);
      if (hosts.contains(host)) {
        throw new SinkConfigurationException(source + " must have each server once, not " + text);
      }
      hosts.add(host);
    }
    return List.copyOf(hosts);
  }

  static String list(List<PostgresHost> hosts) {
    return hosts.stream().map(PostgresHost::toString).collect(Collectors.joining(","));
  }

  @Override
  public String toString() {
    return (name.contains(":") ? "[" + name + "]" : name) + ":" + port;
  }
}
