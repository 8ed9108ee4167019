package dev.faultline.postgres;

import java.util.Locale;
import java.util.zip.CRC32;
import java.nio.charset.StandardCharsets;

/** The {@code application_name} of a writer's session. By this name a newer writer recognizes a session of this sink before it terminates it. */
final class WriterName {
  private static final int MAX_BYTES = 63; // NAMEDATALEN - 1

  private WriterName() {
  }

  /** {@code faultline-sink <crc of target and topic> p<partition> g<generation> <target>}. */
  static String of(String target, String topic, int partition, long generation) {
    return cut(prefix(target, topic) + "p" + partition + " g" + generation + " " + ascii(target));
  }

  /** The name of a session that waits for the claim of a holder, and until it has stored its first chunk. */
  static String standby(String target, String topic, int partition, String holder) {
    return cut(prefix(target, topic) + "p" + partition + standbyOf(holder) + ascii(target));
  }

  /** LIKE pattern of all sessions that {@link #standby} names. */
  static String standbyPattern(String target, String topic) {
    return prefix(target, topic) + "p% standby %";
  }

  /** LIKE pattern of all sessions that {@link #standby} names for a holder. */
  static String standbyPattern(String target, String topic, String holder) {
    return prefix(target, topic) + "p%" + standbyOf(holder) + "%";
  }

  private static String standbyOf(String holder) {
    return " standby " + ascii(holder).replace('%', '?').replace('_', '?').substring(0, Math.min(8, holder.length())) + " ";
  }

  private static String cut(String text) {
    byte[] name = text
        .getBytes(StandardCharsets.US_ASCII);
    return new String(name, 0, Math.min(MAX_BYTES, name.length), StandardCharsets.US_ASCII);
  }

  static String claim(String target, String topic) {
    return prefix(target, topic) + "claim";
  }

  static String right(String target, String topic) {
    return prefix(target, topic) + "right";
  }

  /** The name of a session by which an executor watches for the claim of its holder. */
  static String gate(String target, String topic, String holder) {
    return cut(prefix(target, topic) + "gate" + standbyOf(holder));
  }

  /** LIKE pattern of all sessions that {@link #gate} names. */
  static String gatePattern(String target, String topic) {
    return prefix(target, topic) + "gate standby %";
  }

  /** LIKE pattern of all writers of a partition; of all partitions for -1. */
  static String pattern(String target, String topic, int partition) {
    return prefix(target, topic) + "p" + (partition < 0 ? "" : partition + " ") + "%";
  }

  private static String prefix(String target, String topic) {
    CRC32 crc = new CRC32();
    crc.update((target + "\u0000" + topic).getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "faultline-sink %08x ", crc.getValue());
  }

  private static String ascii(String name) {
    return name.replaceAll("[^\\x21-\\x7e]", "?");
  }
}
