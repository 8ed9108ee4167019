package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real servers: the standby is promoted, and it lacks what was committed last. */
class FailoverTest {
  @TempDir
  Path folder;

  private static SinkClaim claim(PostgresAddress address) throws SQLException {
    return SinkClaim.take(address, Payments.TIMEOUTS, "payments", "payments", Map.of(0, 0L, 1, 0L));
  }

  @Test
  void aWriterGoesOnAtThePromotedServerAndStoresWhatItLacks() throws Exception {
    try (TwoServers servers = new TwoServers(folder); Database old = Database.on(servers.primaryPort)) {
      old.execute(Database.initSql());
      long generation = claim(servers.address()).generation();
      SinkPlan plan = Payments.plan(old, servers.address(), generation, 100);
      try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
        Payments.write(writer, 0, 1_000);
        servers.copy(false);
        Payments.write(writer, 1_000, 3_000);
        assertEquals("3000 rows, sink_offsets 3000+0+0 at 3000, dead 0", Payments.state(old));

        servers.stopPrimary();
        servers.promote();
        Payments.write(writer, 3_000, 3_100);
      }
      try (Database next = Database.on(servers.standbyPort)) {
        assertEquals("3100 rows, sink_offsets 3100+0+0 at 3100, dead 0", Payments.state(next));
        assertEquals("2", timeline(servers.address()));

        // the old primary comes back and takes writes: nobody goes there
        servers.startPrimary();
        assertEquals("2", timeline(servers.address()));
        try (PartitionWriter<byte[]> writer = Payments.writer(Payments.plan(next, servers.address(), generation, 100), 1)) {
          for (long n = 0; n < 10; n++) {
            Payments.append(writer, n, Payments.json(1_000_000 + n));
          }
          writer.flush();
        }
        assertEquals("3110 rows, sink_offsets 3110+0+0 at 3110, dead 0", Payments.state(next));
      }
    }
  }

  /** With synchronousCommit=off. The server itself crashes and comes back. */
  @Test
  void commitsThatWereNotDurableAreStoredAgainAfterACrash() throws Exception {
    long before = SinkMetrics.totals().rewound();
    try (TwoServers servers = new TwoServers(folder); Database database = Database.on(servers.primaryPort)) {
      database.execute(Database.initSql());
      PostgresAddress address = database.address();
      long generation = claim(address).generation();
      SinkPlan plan = Payments.plan(database, address, generation, 100);
      try (PartitionWriter<byte[]> writer = Payments.writer(new SinkPlan(address, plan.timeouts(), plan.target(), plan.topic(), generation, null,
          100, new CommitOptions(1_000_000, false)), 0)) {
        Payments.write(writer, 0, 1_000);
        database.execute("CHECKPOINT");
        Payments.write(writer, 1_000, 1_100);
        servers.crashPrimary();
        servers.startPrimary();
        Payments.write(writer, 1_100, 1_110);
      }
      try (Database again = Database.on(servers.primaryPort)) {
        assertEquals("1110 rows, sink_offsets 1110+0+0 at 1110, dead 0", Payments.state(again));
      }
    }
    assertEquals(100, SinkMetrics.totals().rewound() - before);
  }

  private static String timeline(PostgresAddress address) throws SQLException {
    try (Connection connection = address.connect("test", Payments.TIMEOUTS); Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int")) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void saysThatNoServerIsThePrimary() throws Exception {
    try (TwoServers servers = new TwoServers(folder)) {
      servers.copy(false);
      assertEquals("1", timeline(servers.address()));
      servers.stopPrimary();
      SQLException none = assertThrows(SQLException.class, () -> servers.address().connect("test", Payments.TIMEOUTS));
      assertTrue(none.getMessage().contains("is the primary: localhost:" + servers.standbyPort + " in recovery; Connection"), none.getMessage());
      assertEquals(SqlFailure.TRANSIENT, SqlFailure.of(none, java.util.List.of()));
    }
  }

  @Test
  void aClaimWaitsForTheStandbyButNotForLong() throws Exception {
    try (TwoServers servers = new TwoServers(folder); Database primary = Database.on(servers.primaryPort)) {
      primary.execute(Database.initSql());
      // a claim is synchronous all the same
      primary.execute("ALTER DATABASE postgres SET synchronous_commit = off");
      servers.copy(true);
      await(primary, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1");
      try (Connection connection = servers.address().connect("test", Payments.TIMEOUTS)) {
        claim(servers.address());
        assertTrue(ClaimReplication.await(connection, "test"));
        try (Database standby = Database.on(servers.standbyPort)) {
          await(standby, "SELECT max(generation) FROM sink_offsets", "1");
          String receiver = standby.one("SELECT pid FROM pg_stat_wal_receiver");
          TwoServers.run("kill", "-STOP", receiver);
          long begin = System.nanoTime();
          try {
            claim(servers.address());
            long ms = (System.nanoTime() - begin) / 1_000_000;
            assertTrue(ms >= ClaimReplication.MOST_MS, ms + " ms");
            assertFalse(ClaimReplication.await(connection, "test"));
          } finally {
            TwoServers.run("kill", "-CONT", receiver);
          }
          assertTrue(ClaimReplication.await(connection, "test"));
        }
      }
    }
  }

  private static void await(Database database, String query, String answer) throws Exception {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!database.one(query).equals(answer) && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    assertEquals(answer, database.one(query));
  }
}
