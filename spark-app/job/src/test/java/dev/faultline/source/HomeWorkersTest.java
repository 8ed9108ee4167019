package dev.faultline.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.faultline.source.HomeWorkers.Place;
import java.util.List;
import org.junit.jupiter.api.Test;

class HomeWorkersTest {
  private static final boolean COLD = true;
  private final HomeWorkers home = HomeWorkers.parse("worker-1");

  private static Place at(String worker, String id, boolean isCold) {
    return new Place(id, "127.0.0.1", worker, isCold);
  }

  private List<String> forBatch(Place... all) {
    return home.forBatch(List.of(all)).stream().map(Place::id).toList();
  }

  @Test
  void batchesRunAtHome() {
    assertEquals(List.of("1"), forBatch(at("worker-2", "0", !COLD), at("worker-1", "1", !COLD)));
    assertEquals(List.of("1", "3"), forBatch(at("worker-1", "1", !COLD), at("worker-2", "2", !COLD), at("worker-1", "3", !COLD)));
  }

  @Test
  void batchesRunAwayWhileHomeIsCold() {
    assertEquals(List.of("0"), forBatch(at("worker-2", "0", !COLD), at("worker-1", "1", COLD)));
    assertEquals(List.of("2"), forBatch(at("worker-1", "1", COLD), at("worker-1", "2", !COLD)), "a warm one at home is enough");
    assertEquals(List.of("1"), forBatch(at("worker-2", "0", COLD), at("worker-1", "1", COLD)), "if all are cold, home is as good");
    assertEquals(List.of("0"), forBatch(at("worker-2", "0", !COLD)), "nobody is at home");
    assertEquals(List.of(), forBatch(at("worker-2", "0", COLD)), "Spark chooses");
  }

  @Test
  void readsAListOfNames() {
    assertEquals("", HomeWorkers.parse(null).toString());
    assertEquals("", HomeWorkers.parse("").toString());
    assertEquals(2, HomeWorkers.parse("worker-1,worker-2").names().size());
  }

  @Test
  void namesAnExecutorAsSparkDoes() {
    assertEquals("executor_127.0.0.1_7", at("worker-1", "7", !COLD).location());
  }
}
