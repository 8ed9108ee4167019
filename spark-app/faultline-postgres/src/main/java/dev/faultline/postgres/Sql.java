package dev.faultline.postgres;

import java.util.List;
import java.util.stream.Collectors;

/** Quotes names for SQL text. */
final class Sql {
  private Sql() {
  }

  static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  static String columns(List<String> names) {
    return names.stream().map(Sql::quote).collect(Collectors.joining(", "));
  }
}
