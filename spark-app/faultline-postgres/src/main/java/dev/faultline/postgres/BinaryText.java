package dev.faultline.postgres;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Set;

/** Converts a binary field back to the text that PostgreSQL reads. Only the few group keys of a chunk need it. */
final class BinaryText {
  private static final Set<String> TYPES =
      Set.of("int2", "int4", "int8", "text", "varchar", "bpchar", "bool", "date", "timestamptz", "numeric");

  private BinaryText() {
  }

  static boolean knows(String type) {
    return TYPES.contains(type);
  }

  /** As PostgreSQL reads it: years before Christ have no minus, and those after 9999 no plus. */
  private static String date(LocalDate date, String time) {
    int year = date.getYear();
    String text = String.format("%04d-%02d-%02d", year > 0 ? year : 1 - year, date.getMonthValue(), date.getDayOfMonth());
    return text + time + (year > 0 ? "" : " BC");
  }

  static String of(CopyBuffer in, String type, int at, int size) {
    return switch (type) {
      case "bool" -> in.bytes()[at] == 1 ? "t" : "f";
      case "date" -> date(LocalDate.ofEpochDay(in.readInt(at) + IsoTime.POSTGRES_EPOCH_DAY), "");
      case "timestamptz" -> {
        long micros = in.readLong(at);
        LocalDateTime time = LocalDateTime.ofEpochSecond(Math.floorDiv(micros, 1_000_000) + IsoTime.POSTGRES_EPOCH_DAY * 86_400,
            Math.floorMod(micros, 1_000_000) * 1000, ZoneOffset.UTC);
        yield date(time.toLocalDate(), " " + time.toLocalTime() + "Z");
      }
      case "numeric" -> NumericFormat.read(in, at).toPlainString();
      default -> new String(in.bytes(), at, size, StandardCharsets.UTF_8);
    };
  }
}
