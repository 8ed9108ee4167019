package dev.faultline.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The part of a pipeline file that the peer needs.
 *
 * @param columns the two identity columns, then the fields, as Spark types for from_json
 */
record StagingSchema(String topic, String table, String[] identity, StructType columns) {

  /** @throws IllegalArgumentException if a needed member is missing */
  static StagingSchema read(Path path) throws IOException {
    JsonNode root = new YAMLMapper().readTree(Files.readString(path));
    String[] identity = {text(root.path("identity"), "run"), text(root.path("identity"), "event")};
    StructType columns = new StructType().add(identity[0], DataTypes.IntegerType).add(identity[1], DataTypes.LongType);
    for (JsonNode field : root.path("fields")) {
      columns = columns.add(text(field, "name"), type(field), true);
    }
    return new StagingSchema(text(root, "topic"), text(root, "table"), identity, columns);
  }

  /** The columns, quoted, for SQL. */
  String columnList() {
    return Arrays.stream(columns.fieldNames()).map(StagingSchema::quote).collect(Collectors.joining(", "));
  }

  static String quote(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static DataType type(JsonNode field) {
    String name = text(field, "type");
    return switch (name) {
      case "int" -> DataTypes.IntegerType;
      case "bigint" -> DataTypes.LongType;
      case "float" -> DataTypes.DoubleType;
      case "decimal" -> DataTypes.createDecimalType(field.path("precision").asInt(), field.path("scale").asInt());
      case "boolean" -> DataTypes.BooleanType;
      // from_json gives a nested value's text for a string
      case "text", "json" -> DataTypes.StringType;
      case "timestamp" -> DataTypes.TimestampType;
      case "date" -> DataTypes.DateType;
      case "binary" -> DataTypes.BinaryType;
      default -> throw new IllegalArgumentException("unknown field type: " + name);
    };
  }

  private static String text(JsonNode node, String member) {
    String value = node.path(member).asText("");
    if (value.isEmpty()) {
      throw new IllegalArgumentException("the pipeline file lacks " + member);
    }
    return value;
  }
}
