package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.faultline.postgres.DriverRight.ClaimState;
import dev.faultline.postgres.DriverRight.State;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DriverRightTest {
  private static final Map<Integer, Long> EARLIEST = Map.of(0, 0L, 1, 0L);
  private static final String RIGHTS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'faultline-sink % right'";

  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  private DriverRight right(String name) {
    return right(database.address(), name);
  }

  private static DriverRight right(PostgresAddress address, String name) {
    return new DriverRight(address, "payments", "payments", "driver " + name, name, () -> {
    });
  }

  private static void await(State state, DriverRight right) throws Exception {
    Eventually.equal(state, right::state);
  }

  private String lease() throws SQLException {
    return database.rows("SELECT driver || '|' || holder FROM sink_leases").toString();
  }

  @Test
  void hasOneHolderAndGivesTheRightToTheNextWhenItsSessionIsKilled() throws Exception {
    CuttingProxy proxy = new CuttingProxy("never", CuttingProxy.Cut.BEFORE);
    try (DriverRight a = right(database.address(proxy.port()), "a")) {
      await(State.HELD, a);
      assertEquals(1, a.claim(EARLIEST).generation());
      try (DriverRight b = right("b")) {
        await(State.WAITING, b);
        assertThrows(SQLException.class, () -> b.claim(EARLIEST));
        assertEquals("[driver a|a]", lease());
        // as when its process is killed: it does not come back
        proxy.close();
        long killed = System.nanoTime();
        database.execute("SELECT pg_terminate_backend(lock_pid) FROM sink_leases");
        await(State.HELD, b);
        assertTrue(System.nanoTime() - killed < 2_000_000_000L, "no lease has to run out");
        assertEquals("[driver b|b]", lease());
        assertEquals(2, b.claim(EARLIEST).generation());
        assertThrows(SQLException.class, () -> a.claim(EARLIEST));
        assertEquals("b", database.one("SELECT DISTINCT holder FROM sink_offsets"));
      }
    }
  }

  @Test
  void isReleasedAtOnce() throws Exception {
    DriverRight a = right("a");
    await(State.HELD, a);
    try (DriverRight b = right("b")) {
      await(State.WAITING, b);
      a.close();
      await(State.HELD, b);
      assertEquals("[driver b|b]", lease());
    }
    assertEquals("[]", lease());
    Eventually.equal("0", () -> database.one("SELECT count(*) " + RIGHTS));
  }

  @Test
  void staysWithItsHolderWhenAllSessionsBreak() throws Exception {
    List<State> seen = new CopyOnWriteArrayList<>();
    DriverRight a = right("a");
    await(State.HELD, a);
    try (DriverRight b = right("b")) {
      await(State.WAITING, b);
      a.claim(EARLIEST);
      for (int round = 0; round < 3; round++) {
        String pid = database.one("SELECT lock_pid FROM sink_leases");
        // as in a restart of the server
        database.execute("SELECT pg_terminate_backend(pid) " + RIGHTS);
        Eventually.equal(true, () -> {
          seen.add(a.state());
          seen.add(b.state());
          return !database.one("SELECT lock_pid FROM sink_leases").equals(pid);
        });
        // the waiting driver has seen that the holder is there again, so it asks
        Eventually.equal("1", () -> database.one("SELECT count(*) " + RIGHTS
            + " AND query LIKE 'SELECT pg_try_advisory_lock%' AND pid <> (SELECT lock_pid FROM sink_leases)"));
      }
      assertEquals(List.of(State.HELD, State.WAITING), seen.stream().distinct().toList());
      assertEquals(ClaimState.VALID, a.checkClaim());
      long closed = System.nanoTime();
      a.close();
      await(State.HELD, b);
      assertTrue(System.nanoTime() - closed < 2_000_000_000L, "it waits no longer for a holder whose session broke");
    }
  }

  /** A session as a standby's writer has it. */
  private Connection writer(String holder, int partition) throws SQLException {
    return database.address().connect(WriterName.standby("payments", "payments", partition, holder), SinkTimeouts.DEFAULT);
  }

  /** A session as an executor's gate has it; each question is a sign of life. */
  private Connection gate(String holder) throws SQLException {
    return database.address().connect(WriterName.gate("payments", "payments", holder), SinkTimeouts.DEFAULT);
  }

  private static void ask(Connection gate) throws SQLException {
    try (Statement statement = gate.createStatement()) {
      statement.execute("SELECT 1");
      gate.rollback();
    }
  }

  private boolean handsOver(DriverRight right, Connection gate) throws SQLException {
    ask(gate);
    return right.handOver();
  }

  @Test
  void isHandedOverOnlyToADriverThatIsReady() throws Exception {
    try (DriverRight a = right("a"); Connection own = writer("a", 0); Connection other = writer("b", 0); Connection gate = gate("b")) {
      await(State.HELD, a);
      a.claim(EARLIEST);
      database.execute("UPDATE sink_offsets SET next_offset = 7");
      assertTrue(own.isValid(1) && other.isValid(1));
      try (Connection second = writer("b", 1)) {
        assertTrue(second.isValid(1));
        assertFalse(handsOver(a, gate), "nobody asks for the right");
      }
      try (DriverRight b = right("b")) {
        await(State.WAITING, b);
        assertFalse(handsOver(b, gate), "it has no right");
        Eventually.equal("0", () -> database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'faultline-sink % p1 standby b %'"));
        assertFalse(handsOver(a, gate), "one partition's writer is missing");
        try (Connection second = writer("b", 1)) {
          assertTrue(second.isValid(1));
          Eventually.equal("0", () -> database.one("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'faultline-sink % gate standby b %'"
              + " AND state_change > clock_timestamp() - interval '1 second'"));
          assertFalse(a.handOver(), "its executor is frozen");
          long since = System.nanoTime();
          assertTrue(handsOver(a, gate));
          await(State.HELD, b);
          assertTrue(System.nanoTime() - since < 2_000_000_000L, "no lease has to run out");
          await(State.WAITING, a);
          assertEquals(ClaimState.NONE, a.claimState());
          assertThrows(SQLException.class, () -> a.claim(EARLIEST));
          assertEquals(2, b.claim(EARLIEST).generation());
        }
      }
      await(State.HELD, a);
      assertEquals(3, a.claim(EARLIEST).generation());
    }
  }

  @Test
  void comesBackToItsHolderWhenNobodyTakesIt() throws Exception {
    try (DriverRight a = right("a"); Connection other = writer("b", 0); Connection gate = gate("b")) {
      await(State.HELD, a);
      assertTrue(other.isValid(1));
      long since = System.nanoTime();
      try (RightSession asks = new RightSession(database.address(), "payments", "payments")) {
        assertFalse(asks.tryLock());
        assertTrue(handsOver(a, gate));
        await(State.WAITING, a);
      }
      await(State.HELD, a);
      assertTrue(System.nanoTime() - since < 3_000_000_000L, "no lease has to run out");
      assertEquals("[driver a|a]", lease());
    }
  }

  @Test
  void staysWithItsHolderAlsoBesideOneThatHandedItOver() throws Exception {
    try (DriverRight a = right("a"); Connection other = writer("b", 0); Connection gate = gate("b")) {
      await(State.HELD, a);
      assertTrue(other.isValid(1));
      try (DriverRight b = right("b")) {
        await(State.WAITING, b);
        assertTrue(handsOver(a, gate));
        await(State.HELD, b);
        Eventually.equal(true, a::isWithAnother);
        List<State> seen = new CopyOnWriteArrayList<>();
        long gave = System.nanoTime();
        // a right that nobody takes is taken back after a second
        Eventually.equal(true, () -> System.nanoTime() - gave > 1_200_000_000L);
        for (int round = 0; round < 3; round++) {
          String pid = database.one("SELECT lock_pid FROM sink_leases");
          database.execute("SELECT pg_terminate_backend(pid) " + RIGHTS);
          Eventually.equal(true, () -> {
            seen.add(a.state());
            return !database.one("SELECT lock_pid FROM sink_leases").equals(pid);
          });
          Eventually.equal(true, a::isWithAnother);
        }
        assertEquals(List.of(State.WAITING), seen.stream().distinct().toList());
        assertEquals("[driver b|b]", lease());
      }
    }
  }

  @Test
  void knowsWhetherAnotherHasIt() throws Exception {
    DriverRight a = right("a");
    await(State.HELD, a);
    assertFalse(a.isWithAnother());
    try (DriverRight b = right("b")) {
      Eventually.equal(true, b::isWithAnother);
      a.close();
      await(State.HELD, b);
      assertFalse(b.isWithAnother());
    }
  }

  @Test
  void isTakenFromAHolderThatHangs() throws Exception {
    try (Connection hanging = database.open(); Statement statement = hanging.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(hashtextextended('faultline driver payments' || chr(10) || 'payments', 0))");
      statement.execute("INSERT INTO sink_leases VALUES ('payments', 'payments', 'h', 'hanging', pg_backend_pid(), clock_timestamp())");
      try (DriverRight a = right("a")) {
        await(State.WAITING, a);
        long since = System.nanoTime();
        await(State.HELD, a);
        long tookMs = (System.nanoTime() - since) / 1_000_000;
        assertTrue(tookMs > 3_500 && tookMs < 8_000, tookMs + " ms");
        assertThrows(SQLException.class, () -> statement.execute("SELECT 1"));
      }
    }
  }

  @Test
  void knowsWhatBecameOfItsClaim() throws Exception {
    try (DriverRight a = right("a")) {
      await(State.HELD, a);
      assertEquals(ClaimState.NONE, a.claimState());
      a.claim(EARLIEST);
      assertEquals(ClaimState.VALID, a.claimState());
      database.execute("UPDATE sink_offsets SET generation = 0, holder = NULL");
      Eventually.equal(ClaimState.GONE, a::claimState);
      assertEquals(1, a.claim(EARLIEST).generation());
      Payments.claim(database);
      Eventually.equal(ClaimState.TAKEN, a::claimState);
    }
  }

  @Test
  void saysThatTheTableIsMissing() throws Exception {
    database.execute("DROP TABLE sink_leases");
    try (DriverRight a = right("a")) {
      Eventually.equal("the driver can't ask for the right to write: PostgreSQL 42P01: relation \"sink_leases\" does not exist;"
          + " compare the tables with the output of: faultline schema", () -> {
            try {
              return a.state().toString();
            } catch (SinkConfigurationException e) {
              return e.getMessage();
            }
          });
    }
  }
}
