package dev.faultline.postgres;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Map;

/**
 * The groups of one aggregate and one chunk. This class reads the encoded rows back, so the front ends know nothing of
 * aggregates. A group's key is the bytes of its encoded fields: equal values have equal bytes in the sink's binary format.
 */
final class GroupTotals {
  final Aggregate aggregate;
  private final int windowIndex;
  private final int[] groupIndexes;
  private final int[] sumIndexes;
  private final String[] sumTypes;
  private final CopyBuffer keys = new CopyBuffer();
  private int[] keyStarts = new int[64];
  private int[] slots = new int[128];
  private long[] counts = new long[64];
  private final long[][] longSums;
  private final Object[][] otherSums;
  private int groups;

  GroupTotals(Aggregate aggregate, SinkTarget target) {
    this.aggregate = aggregate;
    this.windowIndex = aggregate.windowField() == null ? -1 : target.columnIndex(aggregate.windowField());
    this.groupIndexes = aggregate.groupBy().stream().mapToInt(target::columnIndex).toArray();
    this.sumIndexes = aggregate.sums().keySet().stream().mapToInt(target::columnIndex).toArray();
    this.sumTypes = aggregate.sums().keySet().stream().map(c -> target.pgTable().column(c).type()).toArray(String[]::new);
    this.longSums = new long[sumIndexes.length][64];
    this.otherSums = new Object[sumIndexes.length][64];
  }

  void clear() {
    groups = 0;
    keys.truncate(0);
    Arrays.fill(slots, 0);
    for (Object[] sums : otherSums) {
      Arrays.fill(sums, null);
    }
  }

  int groups() {
    return groups;
  }

  /**
   * @param fieldAt where each field's length word stands
   * @throws ArithmeticException if a total leaves 64 bits
   */
  void add(CopyBuffer rows, int[] fieldAt) {
    int keyStart = keys.length();
    if (windowIndex >= 0) {
      // windows begin at multiples of their size since 1970, PostgreSQL's binary times at 2000
      long micros = rows.readLong(fieldAt[windowIndex] + 4) + IsoTime.POSTGRES_EPOCH_MICROS;
      keys.putInt8(micros - Math.floorMod(micros, aggregate.windowMicros()) - IsoTime.POSTGRES_EPOCH_MICROS);
    }
    for (int index : groupIndexes) {
      int at = fieldAt[index];
      keys.putRaw(rows.bytes(), at, at + 4 + Math.max(0, rows.readInt(at)));
    }
    int group = find(keyStart);
    counts[group]++;
    for (int i = 0; i < sumIndexes.length; i++) {
      int at = fieldAt[sumIndexes[i]];
      if (rows.readInt(at) >= 0) {
        addTo(i, group, rows, at + 4);
      }
    }
  }

  private void addTo(int sum, int group, CopyBuffer rows, int at) {
    switch (sumTypes[sum]) {
      case "int2" -> longSums[sum][group] = Math.addExact(longSums[sum][group], rows.readShort(at));
      case "int4" -> longSums[sum][group] = Math.addExact(longSums[sum][group], rows.readInt(at));
      case "int8" -> longSums[sum][group] = Math.addExact(longSums[sum][group], rows.readLong(at));
      case "float4" -> addDouble(sum, group, Float.intBitsToFloat(rows.readInt(at)));
      case "float8" -> addDouble(sum, group, Double.longBitsToDouble(rows.readLong(at)));
      default -> {
        Object old = otherSums[sum][group];
        BigDecimal value = NumericFormat.read(rows, at);
        otherSums[sum][group] = old == null ? value : ((BigDecimal) old).add(value);
      }
    }
  }

  private void addDouble(int sum, int group, double value) {
    Object old = otherSums[sum][group];
    otherSums[sum][group] = old == null ? value : (Double) old + value;
  }

  /** The group of the key that ends the arena; a key that is known is taken back off it. */
  private int find(int start) {
    byte[] bytes = keys.bytes();
    int end = keys.length();
    int hash = 1;
    for (int i = start; i < end; i++) {
      hash = 31 * hash + bytes[i];
    }
    hash ^= hash >>> 16;
    int mask = slots.length - 1;
    int slot = hash & mask;
    while (slots[slot] != 0) {
      int group = slots[slot] - 1;
      if (Arrays.equals(bytes, keyStarts[group], keyStarts[group + 1], bytes, start, end)) {
        keys.truncate(start);
        return group;
      }
      slot = (slot + 1) & mask;
    }
    if (groups + 2 >= counts.length) {
      grow();
    }
    int group = groups++;
    keyStarts[group] = start;
    keyStarts[group + 1] = end;
    counts[group] = 0;
    for (long[] sums : longSums) {
      sums[group] = 0;
    }
    slots[slot] = group + 1;
    if (groups * 2 > slots.length) {
      rehash();
    }
    return group;
  }

  private void grow() {
    int capacity = counts.length * 2;
    keyStarts = Arrays.copyOf(keyStarts, capacity);
    counts = Arrays.copyOf(counts, capacity);
    for (int i = 0; i < sumIndexes.length; i++) {
      longSums[i] = Arrays.copyOf(longSums[i], capacity);
      otherSums[i] = Arrays.copyOf(otherSums[i], capacity);
    }
  }

  private void rehash() {
    slots = new int[slots.length * 2];
    byte[] bytes = keys.bytes();
    for (int group = 0; group < groups; group++) {
      int hash = 1;
      for (int i = keyStarts[group]; i < keyStarts[group + 1]; i++) {
        hash = 31 * hash + bytes[i];
      }
      hash ^= hash >>> 16;
      int slot = hash & slots.length - 1;
      while (slots[slot] != 0) {
        slot = (slot + 1) & slots.length - 1;
      }
      slots[slot] = group + 1;
    }
  }

  long[] counts() {
    return Arrays.copyOf(counts, groups);
  }

  /** {@code long[]}, or {@code Object[]} of text for the types that have no array of primitives. */
  Object sums(int sum) {
    if (sumTypes[sum].startsWith("int")) {
      return Arrays.copyOf(longSums[sum], groups);
    }
    String[] text = new String[groups];
    for (int group = 0; group < groups; group++) {
      Object total = otherSums[sum][group];
      text[group] = total == null ? "0" : total instanceof BigDecimal decimal ? decimal.toPlainString() : total.toString();
    }
    return text;
  }

  /** Windows' starts (if there is a window) and then each group column, as arrays of {@code groups} values. */
  Object[] keyColumns(Map<String, String> typeByColumn) {
    int windows = windowIndex >= 0 ? 1 : 0;
    Object[] columns = new Object[windows + groupIndexes.length];
    String[] types = new String[columns.length];
    for (int i = 0; i < columns.length; i++) {
      types[i] = i < windows ? "timestamptz" : typeByColumn.get(aggregate.groupBy().get(i - windows));
      columns[i] = types[i].startsWith("int") ? new long[groups] : new String[groups];
    }
    for (int group = 0; group < groups; group++) {
      int at = keyStarts[group];
      for (int i = 0; i < columns.length; i++) {
        int size = keys.readInt(at);
        if (columns[i] instanceof long[] longs) {
          longs[group] = size == 2 ? keys.readShort(at + 4) : size == 4 ? keys.readInt(at + 4) : keys.readLong(at + 4);
        } else if (size >= 0) {
          ((String[]) columns[i])[group] = BinaryText.of(keys, types[i], at + 4, size);
        }
        at += 4 + Math.max(0, size);
      }
    }
    return columns;
  }
}
