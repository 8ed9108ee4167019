package dev.faultline.postgres;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Base64;

/** Encodes one member's token into one binary field. */
interface JsonValueEncoder {
  /** @param source the whole value, for members that are copied as they stand */
  void encode(JsonParser parser, JsonToken token, byte[] source, CopyBuffer out) throws IOException, MalformedRecordException;

  static JsonValueEncoder of(Field field, PgColumn column) {
    String name = field.name();
    return switch (field.type()) {
      case INT -> integer(name, column, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case BIGINT -> integer(name, column, Long.MIN_VALUE, Long.MAX_VALUE);
      case FLOAT -> (parser, token, source, out) -> {
        if (!token.isNumeric()) {
          throw wrongType(name, field.type());
        }
        double value = parser.getDoubleValue();
        if (Double.isInfinite(value)) {
          throw outOfRange(name);
        }
        out.putFloat8(value);
      };
      case DECIMAL -> decimal(field, column);
      case BOOLEAN -> (parser, token, source, out) -> {
        if (!token.isBoolean()) {
          throw wrongType(name, field.type());
        }
        out.putBoolean(token == JsonToken.VALUE_TRUE);
      };
      case TEXT -> (parser, token, source, out) -> {
        requireString(token, field);
        int from = out.length();
        out.putText(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
        if (column.precision() >= 0) {
          Utf8.checkLength(column, out.bytes(), from + 4, out.length());
        }
      };
      case TIMESTAMP -> (parser, token, source, out) -> {
        requireString(token, field);
        IsoTime.putMicros(out, column, named(name, () -> IsoTime.timestamp(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength())));
      };
      case DATE -> (parser, token, source, out) -> {
        requireString(token, field);
        out.putInt4(named(name, () -> (long) IsoTime.date(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength())).intValue());
      };
      case BINARY -> (parser, token, source, out) -> {
        requireString(token, field);
        byte[] value = base64(name, parser.getText());
        out.putBytes(value, 0, value.length);
      };
      case JSON -> (parser, token, source, out) -> {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        if (token.isStructStart()) {
          parser.skipChildren();
        } else {
          parser.getValueAsString(); // a scalar token is read lazily: this moves the parser to its end
        }
        int to = (int) parser.currentLocation().getByteOffset();
        if (column.type().equals("json")) {
          out.putBytes(source, from, to);
        } else {
          out.putJsonb(source, from, to);
        }
      };
    };
  }

  private static JsonValueEncoder integer(String name, PgColumn column, long min, long max) {
    String type = column.type();
    String fieldType = min == Long.MIN_VALUE ? "bigint" : "int";
    return (parser, token, source, out) -> {
      if (token != JsonToken.VALUE_NUMBER_INT) {
        throw new MalformedRecordException(name + " is not of type " + fieldType);
      }
      JsonParser.NumberType size = parser.getNumberType();
      if (size == JsonParser.NumberType.BIG_INTEGER) {
        throw outOfRange(name);
      }
      long value = parser.getLongValue();
      if (value < min || value > max) {
        throw outOfRange(name);
      }
      switch (type) {
        case "int4" -> out.putInt4((int) value);
        case "int8" -> out.putInt8(value);
        default -> DecimalText.put(out, name, BigDecimal.valueOf(value), column.precision(), column.scale() == PgColumn.UNLIMITED ? 0 : column.scale());
      }
    };
  }

  private static JsonValueEncoder decimal(Field field, PgColumn column) {
    String name = field.name();
    int scale = Math.min(column.scale(), field.scale());
    int precision = column.precision() > 0 ? Math.min(column.precision(), field.precision()) : field.precision();
    return (parser, token, source, out) -> {
      BigDecimal value;
      if (token.isNumeric()) {
        value = parser.getDecimalValue();
      } else if (token == JsonToken.VALUE_STRING) {
        value = DecimalText.parse(name, parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
      } else {
        throw wrongType(name, field.type());
      }
      DecimalText.put(out, name, value, precision, scale);
    };
  }

  private static byte[] base64(String name, String text) throws MalformedRecordException {
    try {
      // Java's decoder takes text without its padding, RFC 4648 does not
      if (text.length() % 4 == 0) {
        return Base64.getDecoder().decode(text);
      }
    } catch (IllegalArgumentException e) {
      // told below
    }
    throw new MalformedRecordException(name + " is not base64");
  }

  private static void requireString(JsonToken token, Field field) throws MalformedRecordException {
    if (token != JsonToken.VALUE_STRING) {
      throw wrongType(field.name(), field.type());
    }
  }

  private static MalformedRecordException wrongType(String name, FieldType type) {
    return new MalformedRecordException(name + " is not of type " + type);
  }

  private static MalformedRecordException outOfRange(String name) {
    return new MalformedRecordException(name + " is out of range");
  }

  /** A value read from text; adds the member's name to what is wrong with it. */
  interface Reading {
    Long read() throws IOException, MalformedRecordException;
  }

  private static Long named(String name, Reading reading) throws IOException, MalformedRecordException {
    try {
      return reading.read();
    } catch (MalformedRecordException e) {
      throw new MalformedRecordException(name + ": " + e.getMessage());
    }
  }
}
