package dev.faultline.postgres;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The indexes of the input columns that the sink reads; -1 if a column is absent.
 *
 * @param typed the columns that go to the table; empty if the table gets the members of the JSON value
 */
record RowLayout(StructType schema, int topic, int partition, int offset, int key, int value, int[] typed) implements Serializable {

  /** @throws SinkConfigurationException if a column is missing or has a wrong type */
  static RowLayout of(StructType schema, SinkOptions options) {
    int partition = required(schema, options.partitionColumn(), DataTypes.IntegerType);
    int offset = required(schema, options.offsetColumn(), DataTypes.LongType);
    int topic = optional(schema, options.topicColumn(), DataTypes.StringType);
    int key = optional(schema, options.keyColumn(), DataTypes.BinaryType);
    if (options.fields() != null) {
      int value = required(schema, options.valueColumn(), DataTypes.BinaryType);
      return new RowLayout(schema, topic, partition, offset, key, value, new int[0]);
    }
    Set<String> metadata = Set.of(options.partitionColumn(), options.offsetColumn(), options.topicColumn());
    List<Integer> typed = new ArrayList<>();
    for (int i = 0; i < schema.length(); i++) {
      if (!metadata.contains(schema.apply(i).name())) {
        typed.add(i);
      }
    }
    if (typed.isEmpty()) {
      throw new SinkConfigurationException("the input has no typed columns, and option fields, which describes a JSON value, is missing");
    }
    return new RowLayout(schema, topic, partition, offset, -1, -1, typed.stream().mapToInt(i -> i).toArray());
  }

  private static int required(StructType schema, String name, DataType type) {
    int index = optional(schema, name, type);
    if (index < 0) {
      throw new SinkConfigurationException("the input has no column " + name);
    }
    return index;
  }

  private static int optional(StructType schema, String name, DataType type) {
    int index = List.of(schema.fieldNames()).indexOf(name);
    if (index >= 0 && !schema.apply(index).dataType().equals(type)) {
      throw new SinkConfigurationException("input column " + name + " must be " + type.sql() + ", not " + schema.apply(index).dataType().sql());
    }
    return index;
  }

  boolean isTyped() {
    return typed.length > 0;
  }

  List<String> typedNames() {
    List<String> names = new ArrayList<>();
    for (int index : typed) {
      names.add(schema.apply(index).name());
    }
    return names;
  }
}
