package dev.faultline.postgres;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Reads and writes the binary format of numeric: int16 count of base-10000 digits, int16 weight of the first, int16 sign (0x4000 negative),
 * int16 display scale, then the digits. src/backend/utils/adt/numeric.c, numeric_recv.
 */
final class NumericFormat {
  private static final int BASE = 10_000;
  private static final int NEGATIVE = 0x4000;
  private static final BigInteger BIG_BASE = BigInteger.valueOf(BASE);
  private static final long[] POWERS = {1, 10, 100, 1000};

  private NumericFormat() {
  }

  static void put(CopyBuffer out, BigDecimal value) {
    BigDecimal scaled = value.scale() < 0 ? value.setScale(0) : value;
    BigInteger unscaled = scaled.unscaledValue();
    int scale = scaled.scale();
    int pad = (4 - scale % 4) % 4;
    if (unscaled.bitLength() < 48) {
      put(out, unscaled.longValue(), scale);
      return;
    }
    BigInteger rest = unscaled.abs().multiply(BigInteger.valueOf(POWERS[pad]));
    short[] digits = new short[rest.bitLength() / 13 + 1];
    int count = 0;
    while (rest.signum() != 0) {
      BigInteger[] parts = rest.divideAndRemainder(BIG_BASE);
      digits[count++] = parts[1].shortValue();
      rest = parts[0];
    }
    write(out, digits, count, (scale + pad) / 4, unscaled.signum() < 0, scale);
  }

  /** @param unscaled below 2^48 in size, so that padding can't overflow */
  static void put(CopyBuffer out, long unscaled, int scale) {
    int pad = (4 - scale % 4) % 4;
    long rest = Math.abs(unscaled) * POWERS[pad];
    short[] digits = new short[5];
    int count = 0;
    while (rest != 0) {
      digits[count++] = (short) (rest % BASE);
      rest /= BASE;
    }
    write(out, digits, count, (scale + pad) / 4, unscaled < 0, scale);
  }

  /** @param digits least significant first, the lowest of weight {@code -fraction} */
  private static void write(CopyBuffer out, short[] digits, int count, int fraction, boolean negative, int scale) {
    int low = 0;
    while (low < count && digits[low] == 0) {
      low++;
    }
    int kept = count - low;
    out.ensure(12 + 2 * kept);
    out.putRawShort(0);
    out.putRawShort(8 + 2 * kept);
    out.putRawShort(kept);
    out.putRawShort(kept == 0 ? 0 : count - 1 - fraction);
    out.putRawShort(negative ? NEGATIVE : 0);
    out.putRawShort(scale);
    for (int i = count - 1; i >= low; i--) {
      out.putRawShort(digits[i]);
    }
  }

  /** Reads back what {@link #put} wrote; {@code at} is behind the field's length. */
  static BigDecimal read(CopyBuffer in, int at) {
    int count = in.readShort(at);
    int weight = in.readShort(at + 2);
    BigInteger value = BigInteger.ZERO;
    for (int i = 0; i < count; i++) {
      value = value.multiply(BIG_BASE).add(BigInteger.valueOf(in.readShort(at + 8 + 2 * i)));
    }
    BigDecimal decimal = new BigDecimal(value, 4 * (count - 1 - weight)).setScale(in.readShort(at + 6));
    return in.readShort(at + 4) == NEGATIVE ? decimal.negate() : decimal;
  }
}
