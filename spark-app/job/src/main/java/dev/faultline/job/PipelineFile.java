package dev.faultline.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.faultline.postgres.Field;
import dev.faultline.postgres.FieldType;
import dev.faultline.postgres.SinkConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The part of a pipeline file that the job needs. It ignores all other members, because other programs read them.
 *
 * @param fields the two identity columns, then the fields
 * @param aggregates the aggregates, as the file has them; null if there are none
 */
record PipelineFile(String name, String topic, int partitions, String table, List<Field> fields, JsonNode aggregates) {
  private static final int VERSION = 1;

  /** @throws SinkConfigurationException if the file cannot be read, has an unknown version or lacks a member */
  static PipelineFile read(Path path) {
    JsonNode root;
    try {
      root = new YAMLMapper().readTree(Files.readString(path));
    } catch (JsonProcessingException e) {
      throw new SinkConfigurationException(path + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SinkConfigurationException("pipeline file " + path + " cannot be read: " + e.getMessage(), e);
    }
    checkVersion(path, root.path("version"));
    List<Field> fields = new ArrayList<>();
    fields.add(Field.of(text(path, root.path("identity"), "run", "identity.run"), FieldType.INT, false));
    fields.add(Field.of(text(path, root.path("identity"), "event", "identity.event"), FieldType.BIGINT, false));
    for (JsonNode field : root.path("fields")) {
      String name = text(path, field, "name", "fields[].name");
      FieldType type = FieldType.of(text(path, field, "type", "type of field " + name));
      int precision = type == FieldType.DECIMAL ? positive(path, field, "precision", "precision of field " + name) : 0;
      fields.add(new Field(name, type, field.path("nullable").asBoolean(false), precision, field.path("scale").asInt(0)));
    }
    return new PipelineFile(text(path, root, "name", "name"), text(path, root, "topic", "topic"),
        positive(path, root, "partitions", "partitions"), text(path, root, "table", "table"), List.copyOf(fields),
        root.path("aggregates").isArray() ? root.path("aggregates") : null);
  }

  private static void checkVersion(Path path, JsonNode version) {
    if (!version.isMissingNode() && !(version.isInt() && version.intValue() == VERSION)) {
      throw new SinkConfigurationException("pipeline " + path + ": version " + version + " is not known; this build reads version " + VERSION);
    }
  }

  private static String text(Path path, JsonNode node, String member, String name) {
    String value = node.path(member).asText("");
    if (value.isEmpty()) {
      throw new SinkConfigurationException(path + ": " + name + " is missing");
    }
    return value;
  }

  private static int positive(Path path, JsonNode node, String member, String name) {
    if (!node.path(member).isInt() || node.path(member).asInt() < 1) {
      throw new SinkConfigurationException(path + ": " + name + " must be a whole number above 0");
    }
    return node.path(member).asInt();
  }
}
