package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresAddressTest {
  private static PostgresAddress address(String host, String port) {
    return PostgresAddress.fromEnvironment(Map.of("POSTGRES_HOST", host, "POSTGRES_PORT", port, "POSTGRES_DB", "d", "POSTGRES_USER", "u",
        "POSTGRES_PASSWORD", "very-secret"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {"db; db:6", "db:7; db:7", "a,b:7; a:6,b:7", "[::1]; [::1]:6", "[::1]:7,db; [::1]:7,db:6"})
  void hasOneServerOrSeveral(String host, String servers) {
    assertEquals("postgresql://u:***@" + servers + "/d", address(host, "6").toString());
    assertEquals(address(host, "6").toString(), new PostgresAddress(host, 6, "d", "u", null).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"db,", "db 2", "::1", "[::1", "db:", "db:0", "db:65536", "db,db:6"})
  void namesFieldAndValueOfAWrongList(String host) {
    String said = assertThrows(SinkConfigurationException.class, () -> address(host, "6")).getMessage();
    assertTrue(said.startsWith("POSTGRES_HOST must ") && said.endsWith(", not " + host), said);
    String argument = assertThrows(SinkConfigurationException.class, () -> new PostgresAddress(host, 6, "d", "u", null)).getMessage();
    assertTrue(argument.startsWith("host must "), argument);
  }

  @Test
  void namesAWrongPort() {
    assertEquals("POSTGRES_PORT is not a port number: x",
        assertThrows(SinkConfigurationException.class, () -> address("db", "x")).getMessage());
  }
}
