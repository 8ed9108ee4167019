package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DuplicateFilterTest {
  private Database database;
  private long generation;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
    generation = Payments.claim(database).generation();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  private void write(int partition, String... values) throws SQLException {
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, partition)) {
      for (int i = 0; i < values.length; i++) {
        Payments.append(writer, i, values[i]);
      }
      writer.flush();
    }
  }

  @Test
  void keepsARecordWhoseKeyIsTakenByAnotherEvent() throws SQLException {
    write(0, Payments.json(1), Payments.json(2), Payments.json(1, "other"), Payments.json(1), Payments.json(3));
    assertEquals("3 rows, sink_offsets 3+1+1 at 5, dead 1", Payments.state(database));
    assertEquals("2|the table has a row with other content for the same run_id, event_id",
        database.one("SELECT \"offset\", reason FROM dead_letters"));
    assertTrue(database.one("SELECT convert_from(value, 'UTF8') FROM dead_letters").contains("other"));
    // and across partitions
    write(1, Payments.json(3, "late"), Payments.json(2));
    assertEquals("3 rows, sink_offsets 3+2+2 at 7, dead 2", Payments.state(database));
  }

  @Test
  void keepsARecordThatViolatesAnotherUniqueKey() throws SQLException {
    database.execute("CREATE UNIQUE INDEX one_note ON payments (note)");
    write(0, Payments.json(1, "a"), Payments.json(2, "b"), Payments.json(3, "a"), Payments.json(1, "a"), Payments.json(4, "c"));
    assertEquals("3 rows, sink_offsets 3+1+1 at 5, dead 1", Payments.state(database));
    assertEquals("2|PostgreSQL 23505: duplicate key value violates unique constraint \"one_note\"",
        database.one("SELECT \"offset\", reason FROM dead_letters"));
  }

  @Test
  void keepsARecordIfTheOnlyUniqueKeyIsNoneOfColumnsThatCannotBeNull() throws SQLException {
    database.execute("ALTER TABLE payments DROP CONSTRAINT payments_pkey");
    database.execute("CREATE UNIQUE INDEX lower_note ON payments (lower(note))");
    write(0, Payments.json(1, "a"), Payments.json(2, "A"), Payments.json(3, "b"));
    assertEquals("2 rows, sink_offsets 2+0+1 at 3, dead 1", Payments.state(database));
  }

  @Test
  void keepsARecordIfTheKeyIsCheckedLater() throws SQLException {
    database.execute("ALTER TABLE payments DROP CONSTRAINT payments_pkey, ADD PRIMARY KEY (run_id, event_id) DEFERRABLE INITIALLY DEFERRED");
    write(0, Payments.json(1), Payments.json(2), Payments.json(1));
    assertEquals("2 rows, sink_offsets 2+0+1 at 3, dead 1", Payments.state(database));
  }

  @Test
  void comparesTypesThatHaveNoEquality() throws SQLException {
    database.execute("ALTER TABLE payments ALTER note TYPE json USING to_json(note)");
    write(0, Payments.json(1, "7"), Payments.json(1, "7"), Payments.json(1, "7.0"));
    assertEquals("1 rows, sink_offsets 1+1+1 at 3, dead 1", Payments.state(database));
  }
}
