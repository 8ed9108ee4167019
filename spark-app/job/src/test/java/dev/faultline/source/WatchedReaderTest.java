package dev.faultline.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeRead;
import org.junit.jupiter.api.Test;

class WatchedReaderTest {
  private final List<Long> waits = new ArrayList<>();
  private int checks;
  /** In which wait a record comes. */
  private int recordAt = Integer.MAX_VALUE;

  private final SupportsRealTimeRead<InternalRow> source = new SupportsRealTimeRead<>() {
    @Override
    public RecordStatus nextWithTimeout(Long startMs, Long timeoutMs) {
      waits.add(timeoutMs);
      return RecordStatus.newStatusWithoutArrivalTime(waits.size() == recordAt);
    }

    @Override
    public PartitionOffset getOffset() {
      return null;
    }

    @Override
    public boolean next() {
      return false;
    }

    @Override
    public InternalRow get() {
      return null;
    }

    @Override
    public void close() {
    }
  };

  private boolean next(long timeoutMs, Runnable check) throws IOException {
    return ((WatchedReader) WatchedReader.of(source, check)).nextWithTimeout(0L, timeoutMs).hasRecord();
  }

  @Test
  void waitsInStepsUntilTheEnd() throws IOException {
    assertFalse(next(5_000, () -> checks++));
    assertEquals(List.of(2_000L, 2_000L, 1_000L), waits);
    assertEquals(2, checks);
  }

  @Test
  void asksOnceForARecordThatIsThere() throws IOException {
    recordAt = 1;
    assertTrue(next(300_000, () -> checks++));
    assertEquals(0, checks);
  }

  @Test
  void endsWithTheErrorThatTheCheckRaises() {
    IllegalStateException failed = new IllegalStateException("the writer has failed");
    assertEquals(failed, assertThrows(IllegalStateException.class, () -> next(300_000, () -> {
      throw failed;
    })));
    assertEquals(1, waits.size());
  }
}
