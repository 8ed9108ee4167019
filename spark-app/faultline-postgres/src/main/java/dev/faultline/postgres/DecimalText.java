package dev.faultline.postgres;

import java.math.BigDecimal;

/** Parses and writes decimals. It never rounds a decimal and refuses it instead, because numeric_recv would round silently. */
final class DecimalText {
  private DecimalText() {
  }

  /** {@code -?digits[.digits]}; no exponent, no sign +, no blanks. */
  static BigDecimal parse(String name, char[] text, int from, int count) throws MalformedRecordException {
    int at = from;
    int end = from + count;
    boolean negative = at < end && text[at] == '-';
    if (negative) {
      at++;
    }
    int digits = 0;
    int scale = 0;
    boolean point = false;
    long unscaled = 0;
    for (int i = at; i < end; i++) {
      char c = text[i];
      if (c == '.' && !point && digits > 0 && i + 1 < end) {
        point = true;
      } else if (c >= '0' && c <= '9') {
        digits++;
        scale += point ? 1 : 0;
        unscaled = unscaled * 10 + (c - '0');
      } else {
        throw new MalformedRecordException(name + " is not a decimal");
      }
    }
    if (digits == 0) {
      throw new MalformedRecordException(name + " is not a decimal");
    }
    return digits <= 18 ? BigDecimal.valueOf(negative ? -unscaled : unscaled, scale) : new BigDecimal(text, from, count);
  }

  /**
   * Writes the value with exactly {@code scale} digits behind the point.
   *
   * @param precision 0 for no limit
   */
  static void put(CopyBuffer out, String name, BigDecimal value, int precision, int scale) throws MalformedRecordException {
    BigDecimal scaled = value;
    if (value.scale() != scale) {
      // 1e1000000000 must not become a billion digits before it is refused
      if (value.signum() != 0 && (long) value.precision() - value.scale() > 1000) {
        throw new MalformedRecordException(name + " is out of range");
      }
      if (value.scale() > scale && value.signum() != 0 && value.stripTrailingZeros().scale() > scale) {
        throw new MalformedRecordException(name + " has more than " + scale + " digits after the decimal point");
      }
      scaled = value.signum() == 0 ? BigDecimal.valueOf(0, scale) : value.setScale(scale);
    }
    if (precision > 0 && scaled.precision() > precision) {
      throw new MalformedRecordException(name + " is out of range");
    }
    NumericFormat.put(out, scaled);
  }
}
