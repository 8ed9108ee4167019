package dev.faultline.postgres;

import java.io.Serializable;

/**
 * One declared member of the JSON value; its name is also the column's.
 *
 * @param precision total digits of a decimal, else 0
 * @param scale digits of a decimal behind the point, else 0
 */
public record Field(String name, FieldType type, boolean nullable, int precision, int scale) implements Serializable {
  public static Field of(String name, FieldType type, boolean nullable) {
    return new Field(name, type, nullable, 0, 0);
  }
}
