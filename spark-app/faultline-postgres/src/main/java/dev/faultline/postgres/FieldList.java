package dev.faultline.postgres;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Parses and formats the option {@code fields}: {@code run_id int not null, volts decimal(12,4), note text}. */
public final class FieldList {
  private static final Pattern ONE = Pattern.compile(
      "\\s*([\\p{L}_][\\p{L}\\p{N}_$]*)\\s+([a-z]+)(?:\\s*\\(\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*\\))?(\\s+not\\s+null)?\\s*(?:,|$)");

  private FieldList() {
  }

  /** @throws SinkConfigurationException if the text is not a list of fields */
  public static List<Field> parse(String text) {
    List<Field> fields = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Matcher match = ONE.matcher(text);
    int at = 0;
    while (at < text.length() && match.find(at) && match.start() == at) {
      FieldType type = FieldType.of(match.group(2));
      if ((match.group(3) != null) != (type == FieldType.DECIMAL)) {
        throw new SinkConfigurationException("option fields: a decimal needs a precision and a scale, and no other type has them: " + match.group().trim());
      }
      if (!names.add(match.group(1))) {
        throw new SinkConfigurationException("option fields: " + match.group(1) + " is declared twice");
      }
      fields.add(new Field(match.group(1), type, match.group(5) == null,
          type == FieldType.DECIMAL ? Integer.parseInt(match.group(3)) : 0, type == FieldType.DECIMAL ? Integer.parseInt(match.group(4)) : 0));
      at = match.end();
    }
    if (at < text.length() || fields.isEmpty() || text.stripTrailing().endsWith(",")) {
      throw new SinkConfigurationException("option fields: not a field: " + text.substring(at));
    }
    return List.copyOf(fields);
  }

  /** The text that {@link #parse} reads back. */
  public static String format(List<Field> fields) {
    return fields.stream().map(f -> f.name() + " " + f.type()
        + (f.type() == FieldType.DECIMAL ? "(" + f.precision() + "," + f.scale() + ")" : "")
        + (f.nullable() ? "" : " not null")).collect(Collectors.joining(", "));
  }
}
