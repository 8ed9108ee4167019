package dev.faultline.postgres;

import java.io.Serializable;

/**
 * One declared member of the JSON value. The member and its column have the same name.
 *
 * @param precision all digits of a decimal; 0 for other types
 * @param scale digits of a decimal after the point; 0 for other types
 */
public record Field(String name, FieldType type, boolean nullable, int precision, int scale) implements Serializable {
  public static Field of(String name, FieldType type, boolean nullable) {
    return new Field(name, type, nullable, 0, 0);
  }
}
