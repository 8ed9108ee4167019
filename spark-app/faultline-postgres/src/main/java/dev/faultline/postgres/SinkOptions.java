package dev.faultline.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The sink's options, parsed. Like Spark's, their names are not case-sensitive. An unknown option is an error. */
public final class SinkOptions {
  /** Spark's own, which it hands to every sink. */
  private static final Set<String> SPARKS = Set.of("checkpointlocation", "queryname", "path");
  private static final Set<String> KNOWN = Set.of("host", "port", "database", "user", "passwordenv", "table", "target", "topic",
      "generation", "holder", "standby", "fields", "aggregates", "topiccolumn", "partitioncolumn", "offsetcolumn", "keycolumn", "valuecolumn",
      "chunkrows", "chunkms", "connecttimeoutms", "sockettimeoutms", "locktimeoutms", "reconnectdeadlinems",
      "tailbytes", "synchronouscommit", "maxrejectedratio", "allowtriggers");

  private final Map<String, String> options = new TreeMap<>();
  private final PostgresAddress address;

  /**
   * @param environment holds the password, in the variable that option {@code passwordEnv} names, and defaults for the address
   * @throws SinkConfigurationException at the first option that is unknown, missing or invalid
   */
  public SinkOptions(Map<String, String> given, Map<String, String> environment) {
    given.forEach((name, value) -> {
      String key = name.toLowerCase(Locale.ROOT);
      if (key.equals("password")) {
        throw new SinkConfigurationException("option password is refused, because Spark shows options in plans and logs;"
            + " put the password into an environment variable of the driver and the variable's name into option passwordEnv");
      }
      if (!KNOWN.contains(key) && !SPARKS.contains(key)) {
        throw new SinkConfigurationException("unknown option: " + name);
      }
      options.put(key, value);
    });
    required("table");
    required("topic");
    longOption("generation", 1, Long.MAX_VALUE, -1);
    checkClaim();
    chunkRows();
    chunkMs();
    timeouts();
    commits();
    allowsTriggers();
    fields();
    aggregates();
    Map<String, String> merged = new HashMap<>();
    if (options.containsKey("host")) {
      PostgresHost.parse(required("host"), 5432, "option host");
    }
    merge(merged, environment, "POSTGRES_HOST", "host");
    merge(merged, environment, "POSTGRES_PORT", "port");
    merge(merged, environment, "POSTGRES_DB", "database");
    merge(merged, environment, "POSTGRES_USER", "user");
    merged.put("POSTGRES_PASSWORD", environment.get(options.getOrDefault("passwordenv", "POSTGRES_PASSWORD")));
    address = PostgresAddress.fromEnvironment(merged);
  }

  private void checkClaim() {
    if (!isStandby() && !options.containsKey("generation")) {
      throw new SinkConfigurationException("option generation is missing; SinkClaim.take returns it, and the startingOffsets that belong to it");
    }
    if (isStandby() && options.containsKey("generation")) {
      throw new SinkConfigurationException("option generation is given with standby=true; a standby takes the generation that its holder claims, so remove it");
    }
    if (isStandby() && holder() == null) {
      throw new SinkConfigurationException("option holder is missing; a standby writes when this holder has claimed the table (SinkClaim.take)");
    }
  }

  private void merge(Map<String, String> merged, Map<String, String> environment, String variable, String option) {
    String value = options.getOrDefault(option, environment.get(variable));
    if (value != null) {
      merged.put(variable, value);
    }
  }

  private String required(String name) {
    String value = options.get(name);
    if (value == null || value.isBlank()) {
      throw new SinkConfigurationException("option " + name + " is missing");
    }
    return value;
  }

  private long longOption(String name, long min, long max, long otherwise) {
    String value = options.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(value.trim());
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new SinkConfigurationException("option " + name + " must be a whole number from " + min + " to " + max + ", not " + value);
  }

  private int intOption(String name, int min, int max, int otherwise) {
    return (int) longOption(name, min, max, otherwise);
  }

  public PostgresAddress address() {
    return address;
  }

  public String table() {
    return required("table");
  }

  /** The target's name in {@code sink_offsets}. */
  public String target() {
    return options.getOrDefault("target", table());
  }

  public String topic() {
    return required("topic");
  }

  /** 0 for a standby. */
  public long generation() {
    return longOption("generation", 1, Long.MAX_VALUE, 0);
  }

  /** Who claimed the generation; null if the claim has no holder. */
  public String holder() {
    String holder = options.get("holder");
    if (holder != null && holder.isBlank()) {
      throw new SinkConfigurationException("option holder must be the holder of the claim, not empty");
    }
    return holder;
  }

  /** Whether the query's writers wait until {@link #holder()} has claimed the table. */
  public boolean isStandby() {
    return flag("standby");
  }

  /** Whether the table may have triggers that see each row before it is stored. */
  boolean allowsTriggers() {
    return flag("allowTriggers");
  }

  private boolean flag(String name) {
    String value = options.getOrDefault(name.toLowerCase(Locale.ROOT), "false").trim().toLowerCase(Locale.ROOT);
    if (!value.equals("true") && !value.equals("false")) {
      throw new SinkConfigurationException("option " + name + " must be true or false, not " + value);
    }
    return value.equals("true");
  }

  public int chunkRows() {
    return intOption("chunkrows", 1, 100_000, 5_000);
  }

  public int chunkMs() {
    return intOption("chunkms", 0, 60_000, 10);
  }

  public SinkTimeouts timeouts() {
    SinkTimeouts normal = SinkTimeouts.DEFAULT;
    return new SinkTimeouts(intOption("connecttimeoutms", 1, 600_000, normal.connectTimeoutMs()),
        intOption("sockettimeoutms", 1_000, 600_000, normal.socketTimeoutMs()),
        intOption("locktimeoutms", 1, 600_000, normal.lockTimeoutMs()),
        intOption("reconnectdeadlinems", 0, 86_400_000, normal.reconnectDeadlineMs()));
  }

  CommitOptions commits() {
    String synchronous = options.getOrDefault("synchronouscommit", "on").trim().toLowerCase(Locale.ROOT);
    if (!synchronous.equals("on") && !synchronous.equals("off")) {
      throw new SinkConfigurationException("option synchronousCommit must be on or off, not " + options.get("synchronouscommit"));
    }
    return new CommitOptions(longOption("tailbytes", 0, 1L << 30, CommitOptions.DEFAULT.tailBytes()), synchronous.equals("on"), maxRejectedRatio());
  }

  private double maxRejectedRatio() {
    String value = options.get("maxrejectedratio");
    if (value == null) {
      return CommitOptions.DEFAULT.maxRejectedRatio();
    }
    try {
      double ratio = Double.parseDouble(value.trim());
      if (ratio >= 0 && ratio <= 1) {
        return ratio;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new SinkConfigurationException("option maxRejectedRatio must be a number from 0 to 1, not " + value);
  }

  /** The declared members of the JSON value; null if the input has typed columns. */
  public List<Field> fields() {
    return options.containsKey("fields") ? FieldList.parse(required("fields")) : null;
  }

  public JsonNode aggregates() {
    if (!options.containsKey("aggregates")) {
      return null;
    }
    try {
      JsonNode list = new ObjectMapper().readTree(required("aggregates"));
      if (list.isArray()) {
        return list;
      }
    } catch (JsonProcessingException e) {
      // told below
    }
    throw new SinkConfigurationException("option aggregates must be a JSON array");
  }

  public String topicColumn() {
    return options.getOrDefault("topiccolumn", "topic");
  }

  public String partitionColumn() {
    return options.getOrDefault("partitioncolumn", "partition");
  }

  public String offsetColumn() {
    return options.getOrDefault("offsetcolumn", "offset");
  }

  public String keyColumn() {
    return options.getOrDefault("keycolumn", "key");
  }

  public String valueColumn() {
    return options.getOrDefault("valuecolumn", "value");
  }
}
