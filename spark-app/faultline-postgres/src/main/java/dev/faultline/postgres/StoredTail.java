package dev.faultline.postgres;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The records of one partition that were stored last, encoded, so that they can be stored again if the database fails over to a server that
 * lacks some commits. It is bounded by bytes and by age, because what a standby lacks is bounded: it lags behind by that much. Offsets are
 * consecutive. Any thread may use it.
 */
final class StoredTail {
  private static final int SLAB_BYTES = 256 * 1024;
  private static final long PIECE_BYTES = 100;
  private static final long MAX_AGE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** A record that is a dead letter. The row's bytes are not kept. */
  private record Dead(int record, byte[] key, byte[] value, String reason) {
    long bytes() {
      return PIECE_BYTES + (key == null ? 0 : key.length) + (value == null ? 0 : value.length);
    }
  }

  /** Consecutive records: the bytes of the rows among them, and the dead letters. */
  private record Piece(long first, int count, byte[] slab, int from, int to, List<Dead> dead, long bytes, long storedNanos) {
    long end() {
      return first + count;
    }
  }

  private final long maxBytes;
  private final ArrayDeque<Piece> pieces = new ArrayDeque<>();
  private byte[] slab = new byte[0];
  private int used;
  private long bytes;
  private long touchedNanos = System.nanoTime();

  StoredTail(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Keeps the records before {@code to}, which are stored now. What the tail has already, it does not take again. */
  synchronized void add(Chunk chunk, int to) {
    touchedNanos = System.nanoTime();
    if (maxBytes == 0) {
      return;
    }
    int from = 0;
    if (!pieces.isEmpty()) {
      long known = pieces.getLast().end() - chunk.offset(0);
      if (known < 0) {
        // somebody else stored the records between
        pieces.clear();
        bytes = 0;
      } else {
        from = (int) Math.min(to, known);
      }
    }
    while (from < to) {
      from = addPiece(chunk, from, to);
    }
    trim();
  }

  /** @return the first record that does not fit into the slab */
  private int addPiece(Chunk chunk, int from, int to) {
    if (size(chunk, from) > slab.length - used) {
      slab = new byte[Math.max(SLAB_BYTES, size(chunk, from))];
      used = 0;
    }
    int start = used;
    int record = from;
    List<Dead> dead = List.of();
    long more = PIECE_BYTES;
    for (; record < to && size(chunk, record) <= slab.length - used; record++) {
      if (chunk.isDead(record)) {
        dead = dead.isEmpty() ? new ArrayList<>() : dead;
        Dead letter = new Dead(record - from, chunk.key(record), chunk.value(record), chunk.reason(record));
        dead.add(letter);
        more += letter.bytes();
      } else {
        System.arraycopy(chunk.rows().bytes(), chunk.start(record), slab, used, size(chunk, record));
        used += size(chunk, record);
      }
    }
    Piece piece = new Piece(chunk.offset(from), record - from, slab, start, used, dead, more + used - start, touchedNanos);
    pieces.add(piece);
    bytes += piece.bytes();
    return record;
  }

  private static int size(Chunk chunk, int record) {
    return chunk.isDead(record) ? 0 : chunk.end(record) - chunk.start(record);
  }

  private void trim() {
    long oldest = System.nanoTime() - MAX_AGE_NANOS;
    while (!pieces.isEmpty() && (bytes > maxBytes || pieces.getFirst().storedNanos() < oldest)) {
      bytes -= pieces.removeFirst().bytes();
    }
  }

  /** What {@code next_offset} must be, at least; -1 if the tail is empty. */
  synchronized long end() {
    trim();
    return pieces.isEmpty() ? -1 : pieces.getLast().end();
  }

  synchronized boolean covers(long from, long to) {
    return !pieces.isEmpty() && pieces.getFirst().first() <= from && to <= pieces.getLast().end();
  }

  /** Appends the records from offset {@code from}, which the tail covers, to an empty chunk: at most {@code most}, none from {@code to} on. */
  synchronized void read(long from, long to, int most, Chunk into) {
    long end = Math.min(to, from + most);
    for (Piece piece : pieces) {
      if (piece.end() > from && piece.first() < end) {
        read(piece, from, end, into);
      }
    }
  }

  private static void read(Piece piece, long from, long end, Chunk into) {
    ByteBuffer rows = ByteBuffer.wrap(piece.slab());
    int at = piece.from();
    int dead = 0;
    for (int record = 0; record < piece.count() && piece.first() + record < end; record++) {
      boolean isWanted = piece.first() + record >= from;
      if (dead < piece.dead().size() && piece.dead().get(dead).record() == record) {
        Dead letter = piece.dead().get(dead++);
        if (isWanted) {
          into.appendDead(piece.first() + record, letter.key(), letter.value(), letter.reason());
        }
        continue;
      }
      int next = rowEnd(rows, at);
      if (isWanted) {
        into.appendStored(piece.first() + record, piece.slab(), at, next);
      }
      at = next;
    }
  }

  /** See {@link CopyBuffer} for the format of a row. */
  private static int rowEnd(ByteBuffer rows, int at) {
    int next = at + 2;
    for (int field = rows.getShort(at); field > 0; field--) {
      next += 4 + Math.max(0, rows.getInt(next));
    }
    return next;
  }

  /** The writer has looked, and the table has what the tail has. */
  synchronized void touch() {
    touchedNanos = System.nanoTime();
  }

  synchronized long idleNanos() {
    return System.nanoTime() - touchedNanos;
  }
}
