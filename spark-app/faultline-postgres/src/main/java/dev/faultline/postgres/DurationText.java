package dev.faultline.postgres;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses the durations of pipeline files: {@code 500ms}, {@code 10s}, {@code 1m}, {@code 1h}, {@code 1d}. */
final class DurationText {
  private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,5})(ms|s|m|h|d)");

  private DurationText() {
  }

  /** @throws SinkConfigurationException if it is none */
  static long micros(String text) {
    Matcher match = FORM.matcher(text);
    if (!match.matches()) {
      throw new SinkConfigurationException("not a duration: " + text);
    }
    long unit = switch (match.group(2)) {
      case "ms" -> 1_000L;
      case "s" -> 1_000_000L;
      case "m" -> 60_000_000L;
      case "h" -> 3_600_000_000L;
      default -> 86_400_000_000L;
    };
    return Long.parseLong(match.group(1)) * unit;
  }
}
