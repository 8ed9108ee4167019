package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.Map;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TableShapeTest {
  private static final StructType KAFKA = new StructType().add("partition", DataTypes.IntegerType).add("offset", DataTypes.LongType)
      .add("key", DataTypes.BinaryType).add("value", DataTypes.BinaryType);
  private static final String DROPS_TWO = """
      CREATE FUNCTION drops() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.event_id = 2 THEN RETURN NULL; END IF; RETURN NEW; END $$;
      CREATE TRIGGER drops BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION drops()""";

  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  private void check(String table, String... more) {
    Map<String, String> options = new java.util.HashMap<>(Map.of("host", "localhost:" + Database.port(), "database", database.name, "user", "postgres",
        "table", table, "topic", "payments", "generation", "1", "fields", Payments.FIELDS));
    for (int i = 0; i < more.length; i += 2) {
      options.put(more[i], more[i + 1]);
    }
    SinkQuery.of(options, Map.of("POSTGRES_PASSWORD", "postgres"), KAFKA);
  }

  private String refusal(String table) {
    return assertThrows(SinkConfigurationException.class, () -> check(table)).getMessage();
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {
      "CREATE VIEW other AS SELECT * FROM payments; other is no table but a view",
      "CREATE MATERIALIZED VIEW other AS SELECT * FROM payments; other is no table but a materialized view",
      "CREATE UNLOGGED TABLE other (LIKE payments INCLUDING ALL); other is unlogged",
      "CREATE TABLE other (LIKE payments INCLUDING ALL) PARTITION BY RANGE (event_id); other is partitioned and has no partition",
      "CREATE RULE r AS ON INSERT TO other DO INSTEAD NOTHING; other has a rule for INSERT",
      "ALTER TABLE other ALTER note DROP NOT NULL, DROP note, ADD note text NOT NULL GENERATED ALWAYS AS ('x') STORED; column note of table other is generated"})
  void refusesWhatCannotKeepItsPromises(String sql, String reason) throws SQLException {
    if (!sql.contains("CREATE ") || sql.contains("RULE")) {
      database.execute("CREATE TABLE other (LIKE payments INCLUDING ALL)");
    }
    database.execute(sql);
    assertTrue(refusal("other").startsWith(reason), () -> refusal("other"));
  }

  @Test
  void refusesPartitionsThatCannot() throws SQLException {
    database.execute("CREATE TABLE other (LIKE payments INCLUDING ALL) PARTITION BY RANGE (event_id)");
    database.execute("CREATE TABLE low PARTITION OF other FOR VALUES FROM (0) TO (100)");
    check("other");
    database.execute("CREATE UNLOGGED TABLE high PARTITION OF other FOR VALUES FROM (100) TO (200)");
    assertEquals("other has partitions that are foreign or not logged, or have a BEFORE INSERT trigger: high", refusal("other"));
  }

  @Test
  void refusesAnUnloggedOffsetsTable() throws SQLException {
    database.execute("ALTER TABLE sink_offsets SET UNLOGGED");
    assertTrue(refusal("payments").startsWith("sink_offsets is unlogged"), () -> refusal("payments"));
  }

  @Test
  void takesATriggerOnlyIfAsked() throws SQLException {
    database.execute(DROPS_TWO);
    assertTrue(refusal("payments").startsWith("payments has a BEFORE INSERT trigger for each row"), () -> refusal("payments"));
    check("payments", "allowTriggers", "true");
    database.execute("ALTER TABLE payments DISABLE TRIGGER drops");
    check("payments");
  }

  @Test
  void takesTriggersThatSeeStoredRows() throws SQLException {
    database.execute(DROPS_TWO.replace("BEFORE", "AFTER"));
    database.execute("ALTER TABLE payments ADD FOREIGN KEY (run_id, event_id) REFERENCES payments");
    check("payments");
  }

  /** Records 0 and 1 before, 2 and 3 after. */
  private void writeAround(String sql, Class<? extends RuntimeException> failure) throws SQLException {
    SinkPlan plan = Payments.plan(database, database.address(), Payments.claim(database).generation(), 100);
    try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
      Payments.write(writer, 0, 2);
      database.execute(sql);
      if (failure == null) {
        Payments.write(writer, 2, 4);
      } else {
        assertThrows(failure, () -> Payments.write(writer, 2, 4));
      }
    }
    assertEquals(failure == null ? "4|4" : "2|2", database.one("SELECT (SELECT count(*) FROM payments), sum(next_offset) FROM sink_offsets"));
  }

  @ParameterizedTest
  @ValueSource(strings = {
      // of the same width
      "ALTER TABLE payments ALTER account_id TYPE timestamp USING now()",
      "ALTER TABLE payments ALTER run_id TYPE real",
      // of another width, which COPY itself refuses
      "ALTER TABLE payments ALTER account_id TYPE int",
      "ALTER TABLE payments ALTER note TYPE varchar(100)",
      "ALTER TABLE payments RENAME note TO remark",
      "ALTER TABLE payments RENAME TO renamed",
      "ALTER TABLE payments RENAME note TO x; ALTER TABLE payments RENAME currency TO note; ALTER TABLE payments RENAME x TO currency",
      "ALTER TABLE payments SET UNLOGGED",
      "ALTER TABLE payments DROP CONSTRAINT payments_pkey",
      "ALTER TABLE payments DROP CONSTRAINT payments_pkey, ADD PRIMARY KEY (run_id, event_id, created_at)",
      DROPS_TWO})
  void startsAgainAfterAChange(String sql) throws SQLException {
    if (sql.contains("RENAME TO renamed")) {
      database.execute("CREATE VIEW later AS SELECT 1");
      SinkPlan plan = Payments.plan(database, database.address(), Payments.claim(database).generation(), 100);
      try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
        Payments.write(writer, 0, 2);
        database.execute(sql);
        assertThrows(TableChangedException.class, () -> Payments.write(writer, 2, 4));
      }
      return;
    }
    writeAround(sql, TableChangedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "ALTER TABLE payments ADD extra text",
      "ALTER TABLE payments ADD extra text; ALTER TABLE payments DROP extra",
      "CREATE INDEX ON payments (account_id)",
      "ALTER TABLE payments ALTER note SET STATISTICS 5; ANALYZE payments",
      "VACUUM FULL payments",
      "ALTER TABLE sink_offsets ADD extra text"})
  void goesOnAfterAChangeOfSomethingElse(String sql) throws SQLException {
    for (String one : sql.split("; ")) {
      writeAround(one, null);
      database.execute("TRUNCATE payments, payments_per_minute, payments_per_account, sink_offsets");
    }
  }

  private SinkPlan allowingTriggers(String trigger) throws SQLException {
    database.execute(trigger);
    SinkTarget target = TargetReader.read(database.address(), Payments.TIMEOUTS, "payments", "payments",
        FieldList.parse(Payments.FIELDS).stream().map(Field::name).toList(), (i, c) -> {
        }, null, true);
    return new SinkPlan(database.address(), Payments.TIMEOUTS, target, "payments", Payments.claim(database).generation(), 100);
  }

  @Test
  void startsAgainAlsoWhereTheChunkHasDuplicates() throws SQLException {
    SinkPlan plan = Payments.plan(database, database.address(), Payments.claim(database).generation(), 100);
    try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
      Payments.write(writer, 0, 2);
      Payments.append(writer, 2, Payments.json(1));
      writer.flush();
      database.execute("ALTER TABLE payments ALTER account_id TYPE timestamp USING now()");
      Payments.append(writer, 3, Payments.json(1));
      assertThrows(TableChangedException.class, writer::flush);
    }
    assertEquals("2|3", database.one("SELECT (SELECT count(*) FROM payments), sum(next_offset) FROM sink_offsets"));
  }

  @Test
  void refusesATargetWithRowSecurityButNoOtherTable() throws SQLException {
    database.execute("ALTER TABLE sink_offsets ENABLE ROW LEVEL SECURITY; ALTER TABLE sink_offsets FORCE ROW LEVEL SECURITY;"
        + "ALTER TABLE payments ENABLE ROW LEVEL SECURITY; DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'x';"
        + "GRANT USAGE ON SCHEMA public TO reader; GRANT ALL ON ALL TABLES IN SCHEMA public TO reader");
    Map<String, String> options = Map.of("host", "localhost:" + Database.port(), "database", database.name, "user", "reader", "table", "payments", "topic", "payments",
        "generation", "1", "fields", Payments.FIELDS);
    String message = assertThrows(SinkConfigurationException.class, () -> SinkQuery.of(options, Map.of("POSTGRES_PASSWORD", "x"), KAFKA)).getMessage();
    assertTrue(message.startsWith("payments has row-level security for this user"), message);
    database.execute("ALTER TABLE payments DISABLE ROW LEVEL SECURITY");
    SinkQuery.of(options, Map.of("POSTGRES_PASSWORD", "x"), KAFKA);
    database.execute("DROP OWNED BY reader; DROP ROLE reader");
  }

  @Test
  void storesWhatAnAllowedTriggerChangesAlsoBesideADuplicate() throws SQLException {
    SinkPlan plan = allowingTriggers("""
        CREATE FUNCTION shouts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := upper(NEW.note); RETURN NEW; END $$;
        CREATE TRIGGER shouts BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION shouts()""");
    try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
      Payments.append(writer, 0, Payments.json(0, "LOUD"));
      Payments.append(writer, 1, Payments.json(1, "quiet"));
      Payments.append(writer, 2, Payments.json(0, "LOUD"));
      writer.flush();
    }
    assertEquals("2|1|0|3", database.one("SELECT rows, duplicates, dead_letters, next_offset FROM sink_offsets WHERE partition = 0"));
  }

  @Test
  void makesADeadLetterOfWhatAnAllowedTriggerDrops() throws SQLException {
    SinkPlan plan = allowingTriggers(DROPS_TWO);
    try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
      Payments.write(writer, 0, 5);
      // with a duplicate in the chunk
      Payments.append(writer, 5, Payments.json(2));
      Payments.append(writer, 6, Payments.json(1));
      writer.flush();
    }
    assertEquals("4|1|2|7", database.one("SELECT rows, duplicates, dead_letters, next_offset FROM sink_offsets WHERE partition = 0"));
    assertEquals("2|PostgreSQL: a trigger drops the row", database.one("SELECT \"offset\", reason FROM dead_letters ORDER BY 1"));
  }
}
