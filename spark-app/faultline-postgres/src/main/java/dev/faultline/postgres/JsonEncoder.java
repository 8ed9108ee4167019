package dev.faultline.postgres;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Encodes one UTF-8 JSON object into one row, strictly. It writes each member's token straight into the COPY buffer. If
 * the members do not have the declared order, a second pass puts them in order.
 */
public final class JsonEncoder implements RecordEncoder<byte[]> {
  // From byte[] this factory gives UTF8StreamJsonParser; a Reader would cost a decoder per record.
  private static final JsonFactory JSON = new JsonFactory();

  private final Field[] fields;
  private final JsonValueEncoder[] encoders;
  private final Map<String, Integer> indexes = new HashMap<>();
  private final int[] starts;
  private final int[] ends;
  private byte[] scratch = new byte[256];

  public JsonEncoder(List<Field> fields, List<PgColumn> columns) {
    this.fields = fields.toArray(new Field[0]);
    this.encoders = new JsonValueEncoder[this.fields.length];
    this.starts = new int[this.fields.length];
    this.ends = new int[this.fields.length];
    for (int i = 0; i < this.fields.length; i++) {
      indexes.put(this.fields[i].name(), i);
      encoders[i] = JsonValueEncoder.of(this.fields[i], columns.get(i));
    }
  }

  @Override
  public void encode(byte[] value, CopyBuffer out) throws MalformedRecordException {
    if (value == null) {
      throw new MalformedRecordException("value is null");
    }
    if (value.length == 0) {
      throw new MalformedRecordException("value is empty");
    }
    if (!Utf8.isValid(value)) {
      throw new MalformedRecordException("value is not UTF-8");
    }
    out.putFieldCount(fields.length);
    Arrays.fill(starts, -1);
    try (JsonParser parser = JSON.createParser(value)) {
      boolean inOrder = members(parser, value, out);
      if (parser.nextToken() != null) {
        throw new MalformedRecordException("something follows the JSON object");
      }
      if (!inOrder) {
        putInOrder(out);
      }
    } catch (JsonProcessingException e) {
      throw new MalformedRecordException("not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new IllegalStateException("reading an array can't fail", e);
    }
  }

  /** Whether all fields came, in the declared order. */
  private boolean members(JsonParser parser, byte[] value, CopyBuffer out) throws IOException, MalformedRecordException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedRecordException("value is not a JSON object");
    }
    Set<String> unknown = null;
    int expected = 0;
    boolean inOrder = true;
    String name;
    while ((name = parser.nextFieldName()) != null) {
      int index;
      if (expected < fields.length && fields[expected].name().equals(name)) {
        index = expected;
      } else {
        index = indexes.getOrDefault(name, -1);
      }
      JsonToken token = parser.nextToken();
      if (index < 0) {
        unknown = unknown == null ? new HashSet<>() : unknown;
        if (!unknown.add(name)) {
          throw new MalformedRecordException("duplicate member " + name);
        }
        parser.skipChildren();
        continue;
      }
      if (starts[index] >= 0) {
        throw new MalformedRecordException("duplicate member " + name);
      }
      inOrder &= index == expected;
      expected = index + 1;
      starts[index] = out.length();
      if (token != JsonToken.VALUE_NULL) {
        encoders[index].encode(parser, token, value, out);
      } else if (fields[index].nullable()) {
        out.putNull();
      } else {
        throw new MalformedRecordException("null in " + name);
      }
      ends[index] = out.length();
    }
    if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw new MalformedRecordException("not JSON: the object does not end");
    }
    return inOrder && expected == fields.length;
  }

  private void putInOrder(CopyBuffer out) throws MalformedRecordException {
    int first = Integer.MAX_VALUE;
    for (int i = 0; i < fields.length; i++) {
      if (starts[i] >= 0) {
        first = Math.min(first, starts[i]);
      } else if (!fields[i].nullable()) {
        throw new MalformedRecordException("missing member " + fields[i].name());
      }
    }
    int written = first == Integer.MAX_VALUE ? 0 : out.length() - first;
    if (scratch.length < written) {
      scratch = new byte[written * 2];
    }
    if (written > 0) {
      System.arraycopy(out.bytes(), first, scratch, 0, written);
      out.truncate(first);
    }
    for (int i = 0; i < fields.length; i++) {
      if (starts[i] < 0) {
        out.putNull();
      } else {
        out.putRaw(scratch, starts[i] - first, ends[i] - first);
      }
    }
  }
}
